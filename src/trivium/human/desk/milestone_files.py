"""A milestone's name and the Studio's database to a folder with its files, checked: what the road reads."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from trivium.core.errors import ArtifactError, SourceError
from trivium.human.delivery.read import files_in, verify
from trivium.human.desk.deliveries import all_files
from trivium.human.store.database import Database
from trivium.human.store.deliveries import Delivery
from trivium.human.store.projects import Project


def fetch(url: str, project: str, milestone: str, below: Path) -> Path:
    """Return a folder below `below` with the sealed files; one that is there and whole is used again.

    Only sealed or accepted milestones are given out: a draft has no bytes, and a rejected one is not to be trained on.
    """
    database = Database(url)
    if database.is_sqlite and not Path(database.engine.url.database or "").is_file():
        raise SourceError(
            f"there is no Studio database at {url}", do="give studio.database, or set TRIVIUM_STUDIO to its file or URL"
        )
    try:
        with database.read() as db:
            row = db.scalar(
                select(Delivery)
                .join(Project, Project.id == Delivery.project_id)
                .where(Project.slug == project, Delivery.milestone == milestone)
            )
            if row is None:
                known = db.scalars(
                    select(Delivery.milestone)
                    .join(Project, Project.id == Delivery.project_id)
                    .where(Project.slug == project, Delivery.state.in_(("sealed", "accepted")))
                    .order_by(Delivery.sealed_at)
                ).all()
                do = f"sealed there: {', '.join(known)}" if known else "seal one on the deliveries page"
                raise SourceError(f"the Studio has no milestone {project}@{milestone}", do=do)
            if row.state not in ("sealed", "accepted"):
                raise SourceError(f"milestone {project}@{milestone} is {row.state}, wanted a sealed or accepted one")
            files, whole = all_files(db, row.id), str(row.manifest["whole"])
    except DBAPIError as error:
        raise SourceError(f"the Studio's database cannot be read: {str(error.orig).splitlines()[0]}") from error
    finally:
        database.close()
    if verify(files) != whole:
        raise SourceError(f"milestone {project}@{milestone} is not what was sealed", do="ask who keeps the database")
    return _laid_out(files, whole, below / f"trivium-milestones-{os.getuid()}")


def _holds(folder: Path, whole: str) -> bool:
    try:
        return verify(files_in(folder)) == whole
    except ArtifactError:
        return False


def _laid_out(files: dict[str, bytes], whole: str, below: Path) -> Path:
    """Write the files into a folder named by their checksum, at once or not at all."""
    below.mkdir(mode=0o700, parents=True, exist_ok=True)
    if below.stat().st_uid != os.getuid():
        raise SourceError(f"{below} belongs to somebody else", do="remove it, or set TMPDIR to a folder of your own")
    folder = below / whole[:32]
    if folder.is_dir():
        if _holds(folder, whole):
            return folder
        shutil.rmtree(folder)  # the database has the true bytes
    half = Path(tempfile.mkdtemp(dir=below))
    for name, data in files.items():
        (half / name).write_bytes(data)
    try:
        half.rename(folder)
    except OSError:  # another run was faster
        shutil.rmtree(half)
    return folder
