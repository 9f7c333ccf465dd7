-- Only what is known before departure; arr_delay is the answer, dep_delay is kept to show that it must not be used.
SELECT
  f.time_hour,
  f.arr_delay,
  f.dep_delay,
  f.carrier,
  f.origin,
  f.dest,
  f.hour AS departure_hour,
  extract(isodow FROM make_date(f.year, f.month, f.day)) AS weekday,
  f.distance,
  p.year AS plane_year,
  p.seats,
  w.temp AS temperature,
  w.humid AS humidity,
  w.wind_speed,
  w.precip AS precipitation,
  w.visib AS visibility,
  w.pressure,
  a.lat AS dest_latitude
FROM flights AS f
LEFT JOIN weather AS w ON w.origin = f.origin AND w.time_hour = f.time_hour
LEFT JOIN planes AS p ON p.tailnum = f.tailnum
LEFT JOIN airports AS a ON a.faa = f.dest
WHERE f.arr_delay IS NOT NULL
