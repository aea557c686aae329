from __future__ import annotations

from pathlib import Path

import pytest

from toys import toy_road
from trivium.core.artifact import Artifact
from trivium.core.errors import ArtifactError, InputError
from trivium.core.recipe import load
from trivium.core.reference import model_folder, resolve
from trivium.core.runner import Runner
from trivium.core.store import Store


@pytest.fixture
def made(tmp_path: Path, recipe_file: Path) -> dict[str, Artifact]:
    return Runner(Store(tmp_path / "runs")).run(toy_road(load(recipe_file)))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "runs")


def test_run_and_stage_an_id_its_beginning_and_a_folder_name_one_artifact(
    store: Store, made: dict[str, Artifact]
) -> None:
    wanted = made["pretrain"]
    for reference in ("toy/pretrain", wanted.id, wanted.id[:8], str(wanted.path), str(store.root / "toy" / "pretrain")):
        assert resolve(reference, store).id == wanted.id


def test_a_model_is_an_artifact_or_any_folder_with_a_config(
    store: Store, made: dict[str, Artifact], tmp_path: Path
) -> None:
    assert model_folder("toy/pretrain", store) == made["pretrain"].path
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    (foreign / "config.json").write_text("{}")
    assert model_folder(str(foreign), store) == foreign
    with pytest.raises(InputError, match=r"toy/sources is not a model: it has no config\.json"):
        model_folder("toy/sources", store)


def test_an_unknown_stage_or_run_names_the_nearest(store: Store, made: dict[str, Artifact]) -> None:
    with pytest.raises(InputError, match=r"run toy has no finished stage pretrian; did you mean `pretrain`\?"):
        resolve("toy/pretrian", store)
    with pytest.raises(InputError, match=r"nothing is called toi/policy; did you mean `toy/policy`\?"):
        resolve("toi/policy", store)
    with pytest.raises(ArtifactError, match="found none"):
        resolve("00000000", store)


def test_run_json_that_cannot_be_read_is_said(store: Store, made: dict[str, Artifact]) -> None:
    (store.root / "toy" / "run.json").write_text("{")
    with pytest.raises(ArtifactError, match=r"run\.json cannot be read"):
        resolve("toy/policy", store)
