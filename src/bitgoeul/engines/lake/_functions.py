"""Which functions a query may call.  Everything else is refused by name.

Left out on purpose: whatever reads files or settings, tells about the machine, the session or other tables,
waits, writes a log, or runs text as SQL (``read_*``, ``glob``, ``query``, ``getenv``, ``current_setting``,
``duckdb_*``, ``pg_*``, ``sleep_ms``, ``json_serialize_sql`` …), and aggregates that are named by a text
argument.
"""

from __future__ import annotations

_AGGREGATES = """
any_value approx_count_distinct approx_quantile approx_top_k arbitrary arg_max arg_max_null arg_min
arg_min_null argmax argmin array_agg avg bit_and bit_or bit_xor bool_and bool_or corr count count_if
count_star countif covar_pop covar_samp entropy favg first fsum geomean geometric_mean group_concat
histogram kahan_sum kurtosis kurtosis_pop last list listagg mad max max_by mean median min min_by mode
product quantile quantile_cont quantile_disc regr_avgx regr_avgy regr_count regr_intercept regr_r2
regr_slope regr_sxx regr_sxy regr_syy reservoir_quantile sem skewness stddev stddev_pop stddev_samp
string_agg sum sum_no_overflow sumkahan var_pop var_samp variance wavg weighted_avg grouping grouping_id
"""
_WINDOWS = """
cume_dist dense_rank fill first_value lag last_value lead nth_value ntile percent_rank rank rank_dense
row_number
"""
_NUMBERS = """
abs acos acosh add asin asinh atan atan2 atanh bin bit_count cbrt ceil ceiling cos cosh cot degrees divide
even exp factorial fdiv floor fmod gamma gcd greatest greatest_common_divisor isfinite isinf isnan lcm least
least_common_multiple lgamma ln log log10 log2 mod multiply nextafter pi pow power radians random round
round_even roundbankers sign signbit sin sinh sqrt subtract tan tanh trunc xor width_bucket equi_width_bins
"""
_TEXT = """
array_to_string ascii bar base64 bit_length char_length character_length chr concat concat_ws contains
damerau_levenshtein decode editdist3 encode ends_with format from_base64 from_binary from_hex hamming hash
hex ilike instr jaccard jaro_similarity jaro_winkler_similarity lcase left left_grapheme len length
length_grapheme levenshtein like like_escape ilike_escape not_like_escape not_ilike_escape lower lpad ltrim
md5 mismatches nfc_normalize octet_length ord overlay position prefix printf regexp_escape regexp_extract
regexp_extract_all regexp_full_match regexp_like regexp_matches regexp_replace regexp_split_to_array repeat
replace reverse right right_grapheme rpad rtrim sha1 sha256 split split_part starts_with str_split
str_split_regex string_split string_split_regex string_to_array strip_accents strlen strpos substr substring
substring_grapheme suffix to_base to_base64 to_binary to_hex translate trim ucase unbin unhex unicode upper
url_decode url_encode
"""
_TIMES = """
age ago century current_date current_localtime current_localtimestamp current_time current_timestamp date
date_add date_diff date_part date_sub date_trunc datediff datepart datesub datetrunc day dayname dayofmonth
dayofweek dayofyear days_in_month decade epoch epoch_ms epoch_ns epoch_us era extract get_current_time
get_current_timestamp hour isodow isoyear julian last_day make_date make_time make_timestamp
make_timestamp_ms make_timestamp_ns make_timestamptz microsecond millennium millisecond minute month
monthname nanosecond now quarter second strftime strptime time_bucket timezone timezone_hour timezone_minute
to_centuries to_days to_decades to_hours to_microseconds to_millennia to_milliseconds to_minutes to_months
to_quarters to_seconds to_timestamp to_weeks to_years today try_strptime week weekday weekofyear year
yearweek
"""
_NESTED = """
apply array_append array_apply array_cat array_concat array_contains array_cosine_distance
array_cosine_similarity array_cross_product array_distance array_distinct array_dot_product array_extract
array_filter array_grade_up array_has array_has_all array_has_any array_indexof array_inner_product
array_intersect array_length array_pop_back array_pop_front array_position array_prepend array_push_back
array_push_front array_reduce array_resize array_reverse array_reverse_sort array_select array_slice
array_sort array_transform array_unique array_value array_where array_zip cardinality element_at filter
flatten generate_series grade_up json_array_length json_contains json_exists json_extract json_extract_path
json_extract_path_text json_extract_string json_keys json_structure json_type json_valid json_value
list_any_value list_append list_apply list_avg list_cat list_concat list_contains list_count list_distance
list_distinct list_dot_product list_element list_extract list_filter list_first list_grade_up list_has
list_has_all list_has_any list_indexof list_inner_product list_intersect list_last list_max list_median
list_min list_pack list_position list_prepend list_product list_reduce list_resize list_reverse
list_reverse_sort list_select list_slice list_sort list_sum list_transform list_unique list_value list_where
list_zip map map_concat map_contains map_entries map_extract map_extract_value map_from_entries map_keys
map_values range reduce row struct_concat struct_extract struct_extract_at struct_insert struct_keys
struct_pack struct_values unnest
"""
_CHOICES = "case cast coalesce columns if ifnull nullif switch try try_cast typeof"

ALLOWED_FUNCTIONS: frozenset[str] = frozenset(
    " ".join((_AGGREGATES, _WINDOWS, _NUMBERS, _TEXT, _TIMES, _NESTED, _CHOICES)).split()
)

OPERATORS: frozenset[str] = frozenset(
    [
        "!",
        "!=",
        "!~~",
        "!~~*",
        "%",
        "&",
        "&&",
        "*",
        "**",
        "+",
        "-",
        "->",
        "->>",
        "/",
        "//",
        "<",
        "<->",
        "<<",
        "<=",
        "<=>",
        "<>",
        "<@",
        "=",
        "==",
        ">",
        ">=",
        ">>",
        "@",
        "@>",
        "^",
        "^@",
        "|",
        "||",
        "~",
        "~~",
        "~~*",
        "~~~",
        "!__postfix",
        "__between",
        "in",
        "not_in",
    ]
)
"""Operators as DuckDB's own parser names them; ``@`` is the absolute value."""

TABLE_FUNCTIONS: frozenset[str] = frozenset({"generate_series", "range", "unnest"})
"""The functions that may stand in FROM: they make rows out of nothing but their arguments."""
