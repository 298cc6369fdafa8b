"""Lets Airflow import the DAG of scripts/schedule; used by scripts/soak, in an environment with Airflow.

usage: import_dag.py FOLDER

Prints the tasks. Airflow writes its settings below AIRFLOW_HOME.
"""

import sys
from pathlib import Path

from airflow.dag_processing.dagbag import DagBag


def main(folder):
    bag = DagBag(dag_folder=Path(folder) / "airflow_dag.py")
    assert not bag.import_errors, bag.import_errors
    dag = bag.dags["touchpoint"]
    assert dag.max_active_runs == 1 and not dag.catchup
    assert dag.task_dict["run"].downstream_task_ids == {"check"}
    print(f"Airflow imports {sorted(dag.task_dict)}")


if __name__ == "__main__":
    main(*sys.argv[1:])
