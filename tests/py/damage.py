"""Damages copies of a lake and its index, by the Python deltalake package and the file system.

usage: damage.py WHOLE OLDER TARGET KIND...

WHOLE holds lake and index; OLDER is a copy of it from before the last run. For each kind of damage
a copy of WHOLE that has it is made in TARGET under the name of the kind.
"""

import json
import shutil
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import DeltaTable, write_deltalake


class Damage:
    def __init__(self, folder, older):
        self.folder, self.older = Path(folder), Path(older)
        self.lake = self.folder / "lake"
        self.rows = str(self.lake / "interactions")
        self.view = str(self.lake / "contact_activity")

    def newest_row(self):
        rows = DeltaTable(self.rows).to_pyarrow_table().sort_by("occurred_at")
        return rows.slice(rows.num_rows - 1)

    def live_files(self, table):
        return sorted(Path(uri.removeprefix("file://")) for uri in DeltaTable(table).file_uris())

    def newest_cursors(self):
        files = (self.lake / "_touchpoint/cursors").iterdir()
        return max(files, key=lambda file: int(file.stem))

    def snapshots(self):
        """The current CRM snapshot, and the previous one."""
        in_force = DeltaTable(self.view).to_pyarrow_table().sort_by("generation")
        digests = in_force.column("crm_snapshot").to_pylist()
        snapshot = lambda digest: self.lake / f"_touchpoint/crm/{digest}.parquet"
        return snapshot(digests[-1]), snapshot(digests[0])

    def index_of(self, source, versions_of):
        """The index of one folder, with a payload that claims the versions of another one's."""
        place = self.folder / "index/interactions/meta.json"
        payload = json.loads((versions_of / "index/interactions/meta.json").read_text())["payload"]
        files = shutil.copytree(source / "index", self.folder / "new_index")
        shutil.rmtree(self.folder / "index")
        files.rename(self.folder / "index")
        meta = json.loads(place.read_text())
        meta["payload"] = payload
        place.write_text(json.dumps(meta))

    def restore(self, name):
        shutil.rmtree(self.lake / name)
        shutil.copytree(self.older / "lake" / name, self.lake / name)

    def row_deleted(self):
        subject = self.newest_row()["subject"][0].as_py()
        DeltaTable(self.rows).delete(f"subject = '{subject}'")

    def row_doubled(self):
        write_deltalake(self.rows, self.newest_row(), mode="append")

    def row_changed(self):
        subject = self.newest_row()["subject"][0].as_py()
        DeltaTable(self.rows).update(
            predicate=f"subject = '{subject}'", new_values={"subject": "'Another'"}
        )

    def view_row_deleted(self):
        subject = self.newest_row()["subject"][0].as_py()
        DeltaTable(self.view).delete(f"subject = '{subject}'")

    def view_row_changed(self):
        subject = self.newest_row()["subject"][0].as_py()
        DeltaTable(self.view).update(
            predicate=f"subject = '{subject}'", new_values={"contact_name": "'Wrong Name'"}
        )

    def file_missing(self):
        self.live_files(self.rows)[0].unlink()

    def view_file_missing(self):
        self.live_files(self.view)[0].unlink()

    def file_replaced(self):
        first, *_, last = self.live_files(self.rows)
        shutil.copy(last, first)

    def file_torn(self):
        file = self.live_files(self.rows)[0]
        file.write_bytes(file.read_bytes()[:-100])

    def view_behind(self):
        self.restore("contact_activity")

    def rows_behind(self):
        self.restore("interactions")

    def document_missing(self):
        self.index_of(self.older, self.folder)

    def document_extra(self):
        for name in ["interactions", "contact_activity", "_touchpoint"]:
            self.restore(name)
        self.index_of(self.folder, self.older)

    def index_behind(self):
        shutil.rmtree(self.folder / "index")
        shutil.copytree(self.older / "index", self.folder / "index")

    def index_torn(self):
        for file in (self.folder / "index/interactions").glob("*.term"):
            file.write_bytes(b"")

    def cursors_torn(self):
        file = self.newest_cursors()
        file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])

    def cursors_missing(self):
        self.newest_cursors().unlink()

    def wrong_count(self):
        file = self.newest_cursors()
        table = pq.read_table(file)
        rows = table.to_pylist()
        slot = next(row for row in rows if row["kind"] == 0)
        record = json.loads(slot["value"])
        record["rows"] += 1
        slot["value"] = json.dumps(record)
        pq.write_table(pa.Table.from_pylist(rows, schema=table.schema), file)

    def cursor_of_nonsense(self):
        file = self.newest_cursors()
        table = pq.read_table(file)
        rows = table.to_pylist()
        cursor = next(row for row in rows if row["kind"] == 1)
        cursor["value"] = cursor["value"][:-1]
        pq.write_table(pa.Table.from_pylist(rows, schema=table.schema), file)

    def snapshot_stale(self):
        in_force, before = self.snapshots()
        shutil.copy(before, in_force)

    def snapshot_missing(self):
        self.snapshots()[0].unlink()

    def foreign_table(self):
        shutil.rmtree(self.view)
        write_deltalake(self.view, pa.table({"name": ["somebody"], "month": ["2026-01"]}))

    def table_missing(self):
        shutil.rmtree(self.view)

    def commit_empty(self):
        max((Path(self.rows) / "_delta_log").glob("*.json")).write_bytes(b"")

    def commit_torn(self):
        file = max((Path(self.rows) / "_delta_log").glob("*.json"))
        file.write_bytes(file.read_bytes()[:-20])

    def commit_missing(self):
        min((Path(self.rows) / "_delta_log").glob("*.json")).unlink()


def main():
    whole, older, target, *kinds = sys.argv[1:]
    for kind in kinds:
        folder = Path(target) / kind
        shutil.copytree(whole, folder)
        getattr(Damage(folder, older), kind)()


main()
