from __future__ import annotations

from pathlib import Path

import pytest

from toys import DpoConfig, PolicyConfig, PpoConfig, ReadConfig, TrainConfig
from trivium.core.config import Config
from trivium.core.errors import RecipeError
from trivium.core.recipe import load


class Inner(Config):
    rank: int = 8


class Outer(Config):
    lora: Inner | None = None
    parts: tuple[Inner, ...] = ()
    names: tuple[str, ...] = ()


def write(folder: Path, text: str, name: str = "recipe.toml") -> Path:
    file = folder / name
    file.write_text(text)
    return file


def test_a_section_becomes_its_config_and_an_absent_one_all_defaults(tmp_path: Path) -> None:
    recipe = load(write(tmp_path, "seed = 3\n[pretrain]\nlearning_rate = 3e-4\n"))
    assert recipe.section("pretrain", TrainConfig) == TrainConfig(learning_rate=3e-4)
    assert recipe.section("sft", TrainConfig) == TrainConfig()
    assert (recipe.name, recipe.seed) == ("recipe", 3)


def test_lists_and_nested_tables_are_read(tmp_path: Path) -> None:
    recipe = load(write(tmp_path, '[sft]\nnames = ["a", "b"]\nlora = { rank = 4 }\n[[sft.parts]]\nrank = 2\n'))
    assert recipe.section("sft", Outer) == Outer(lora=Inner(rank=4), parts=(Inner(rank=2),), names=("a", "b"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[sft]\nstpes = 3\n", r"unknown key `sft\.stpes`; did you mean `steps`\?"),
        ("[sft]\nsteps = 'many'\n", r"`sft\.steps`: .*valid integer.*; found 'many'"),
        ("[sft]\nsteps = 0\n", r"`sft\.steps`: .*greater than 0; found 0"),
        ("[sft]\nlearning_rate = nan\n", r"`sft\.learning_rate`: .*finite"),
        ("sft = 3\n", r"sft: wanted a section, found 3"),
    ],
)
def test_a_bad_key_is_named_with_file_and_line(tmp_path: Path, text: str, message: str) -> None:
    file = write(tmp_path, text)
    with pytest.raises(RecipeError, match=message) as caught:
        load(file).section("sft", TrainConfig)
    assert caught.value.exit_code == 2
    assert caught.value.where == f"{file}:{len(text.splitlines())}"


def test_an_unknown_key_in_a_nested_table_and_a_list_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"`sft\.lora\.rnk`; did you mean `rank`"):
        load(write(tmp_path, "[sft.lora]\nrnk = 3\n")).section("sft", Outer)
    with pytest.raises(RecipeError, match=r"`sft\.parts\.0\.rnk`; did you mean `rank`"):
        load(write(tmp_path, "[[sft.parts]]\nrnk = 3\n")).section("sft", Outer)


def test_a_method_carries_its_own_keys_only(tmp_path: Path) -> None:
    recipe = load(write(tmp_path, '[policy]\nmethod = "dpo"\nbeta = 0.5\n'))
    assert recipe.section("policy", PolicyConfig) == DpoConfig(beta=0.5)
    with pytest.raises(RecipeError, match=r"unknown key `policy\.kl`"):
        load(write(tmp_path, '[policy]\nmethod = "dpo"\nkl = 0.5\n')).section("policy", PolicyConfig)
    with pytest.raises(RecipeError, match=r"unknown key `policy\.bet`; did you mean `beta`"):
        load(write(tmp_path, '[policy]\nmethod = "dpo"\nbet = 0.5\n')).section("policy", PolicyConfig)
    with pytest.raises(RecipeError, match=r"`policy\.method`: wanted 'ppo' or 'dpo', found 'grpo'"):
        load(write(tmp_path, '[policy]\nmethod = "grpo"\n')).section("policy", PolicyConfig)


def test_a_section_that_nothing_reads_is_refused_with_the_nearest(tmp_path: Path) -> None:
    recipe = load(write(tmp_path, "[pretrian]\nsteps = 3\n"))
    recipe.section("pretrain", TrainConfig)
    with pytest.raises(RecipeError, match=r"unknown key `pretrian`; did you mean `pretrain`\?") as caught:
        recipe.refuse_unread()
    assert caught.value.where.endswith("recipe.toml:1")


def test_extends_lays_one_file_over_another(tmp_path: Path) -> None:
    write(tmp_path, 'name = "below"\nseed = 3\n[pretrain]\nsteps = 5\nlearning_rate = 0.5\n', "below.toml")
    recipe = load(write(tmp_path, 'extends = "below.toml"\n[pretrain]\nsteps = 6\n'))
    assert recipe.section("pretrain", TrainConfig) == TrainConfig(steps=6, learning_rate=0.5)
    assert (recipe.name, recipe.seed) == ("recipe", 3)


def test_an_error_in_the_extended_file_names_that_file(tmp_path: Path) -> None:
    below = write(tmp_path, "[pretrain]\nstps = 5\n", "below.toml")
    with pytest.raises(RecipeError) as caught:
        load(write(tmp_path, 'extends = "below.toml"\n')).section("pretrain", TrainConfig)
    assert caught.value.where == f"{below}:2"


def test_another_method_starts_its_section_anew(tmp_path: Path) -> None:
    write(tmp_path, '[policy]\nmethod = "ppo"\nkl = 0.3\n', "below.toml")
    above = write(tmp_path, 'extends = "below.toml"\n[policy]\nmethod = "dpo"\n')
    assert load(above).section("policy", PolicyConfig) == DpoConfig()
    assert load(tmp_path / "below.toml", ["policy.beta=1", "policy.method=dpo"]).section(
        "policy", PolicyConfig
    ) == DpoConfig(beta=1)
    assert load(tmp_path / "below.toml", ["policy.kl=1"]).section("policy", PolicyConfig) == PpoConfig(kl=1)


def test_a_recipe_that_extends_itself_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="extends itself"):
        load(write(tmp_path, 'extends = "recipe.toml"\n'))


def test_set_values_are_toml_or_else_text(tmp_path: Path) -> None:
    file = write(tmp_path, "[sft]\n")
    recipe = load(file, ["sft.names=['x']", "sft.lora.rank=2", "seed=9", "name=mine", "sft.word=plain text"])
    assert recipe.sections["sft"] == {"names": ["x"], "lora": {"rank": 2}, "word": "plain text"}
    assert (recipe.seed, recipe.name) == (9, "mine")


def test_a_bad_set_names_itself(tmp_path: Path) -> None:
    file = write(tmp_path, "[sft]\n")
    with pytest.raises(RecipeError, match=r"`sft\.stps`; did you mean `steps`") as caught:
        load(file, ["sft.stps=3"]).section("sft", TrainConfig)
    assert caught.value.where == "--set sft.stps=3"
    for bad in ("sft.steps", "=3", "sft..steps=3"):
        with pytest.raises(RecipeError, match="wanted key=value"):
            load(file, [bad])


@pytest.mark.parametrize(
    "text", ["seed = -1", "seed = 'x'", "seed = true", "name = '../x'", "name = 'artifacts'", "name = 3"]
)
def test_a_bad_seed_or_name_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(RecipeError, match="wanted"):
        load(write(tmp_path, text))


def test_what_is_no_recipe_is_refused_in_one_message(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="cannot read the recipe: No such file"):
        load(tmp_path / "none.toml")
    with pytest.raises(RecipeError, match="not valid TOML"):
        load(write(tmp_path, "seed ="))
    (tmp_path / "latin.toml").write_bytes(b"name = '\xe9'")
    with pytest.raises(RecipeError, match="not UTF-8"):
        load(tmp_path / "latin.toml")


def test_the_environment_fills_only_fields_that_say_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write(tmp_path, "[sources]\nlower = true\n")
    with pytest.raises(RecipeError, match=r"`sources\.folder` is missing"):
        load(file).section("sources", ReadConfig)
    monkeypatch.setenv("TOY_DATA", "/data")
    assert load(file).section("sources", ReadConfig) == ReadConfig(folder=Path("/data"), lower=True)
    assert load(file, ["sources.folder=/other"]).section("sources", ReadConfig).folder == Path("/other")


def test_a_top_level_value_is_of_the_defaults_type(tmp_path: Path) -> None:
    recipe = load(write(tmp_path, "rounds = 2\n"))
    assert recipe.value("rounds", 1) == 2
    assert recipe.value("other", 5) == 5
    with pytest.raises(RecipeError, match="rounds: wanted str, found 2"):
        recipe.value("rounds", "x")
    recipe.refuse_unread()


def test_a_section_that_must_choose_a_method_names_the_choices(tmp_path: Path) -> None:
    file = write(tmp_path, "[policy]\n")
    with pytest.raises(RecipeError, match=r"`policy.method` is missing") as caught:
        load(file).section("policy", PolicyConfig)
    assert caught.value.do == "choose one: ppo, dpo"


def test_a_box_has_settings_of_its_own_laid_over_those_it_shares(tmp_path: Path) -> None:
    text = "[train]\nsteps = 7\nlearning_rate = 0.5\n[train-1]\nsteps = 3\n"
    recipe = load(write(tmp_path, text), ["train-1.learning_rate=0.25"])
    shared, own = recipe.section("train", TrainConfig), recipe.section("train", TrainConfig, own="train-1")
    assert (shared.steps, shared.learning_rate) == (7, 0.5)
    assert (own.steps, own.learning_rate) == (3, 0.25)
    recipe.refuse_unread()


def test_a_wrong_key_of_its_own_is_named_where_it_stands(tmp_path: Path) -> None:
    recipe = load(write(tmp_path, "[train]\nsteps = 7\n[train-1]\nstep = 3\n"))
    with pytest.raises(RecipeError, match=r"unknown key `train-1.step`; did you mean `steps`") as caught:
        recipe.section("train", TrainConfig, own="train-1")
    assert caught.value.where.endswith(":4")
