"""Airflow: one run each night, on a worker that has the folders of touchpoint.

Put this file into the folder of DAGs. Times are UTC, as that of --until is.
"""

from datetime import datetime, timedelta, timezone

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

# Exit code 1, with gaps, is no failed task: the report names them, and the second task sees those that
# last too long.
RUN = "touchpoint --config /etc/touchpoint/touchpoint.toml --log-format json run --until 05:30 || [ $? -eq 1 ]"
CHECK = "touchpoint --config /etc/touchpoint/touchpoint.toml status --check --max-age 72h"

with DAG(
    dag_id="touchpoint",
    description="Reads mailboxes and calendars into the lake",
    schedule="30 0 * * *",
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=1,
) as dag:
    run = BashOperator(
        task_id="run",
        bash_command=RUN,
        execution_timeout=timedelta(hours=8),
        retries=0,
    )
    check = BashOperator(task_id="check", bash_command=CHECK, retries=0)
    run >> check
