"""Train a yes-or-no question on a table. Runs inside a job: its modules import each other by plain name."""
