"""Named tensors to safetensors files and back, one file or several with an index, with failures a person can act on."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from trivium.core.errors import CheckpointError, StorageError

SINGLE, INDEX = "model.safetensors", "model.safetensors.index.json"


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write an object with sorted keys, two spaces of indent and a final newline."""
    try:
        path.write_text(json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise _cannot_write(path, error) from error


def read_json(path: Path) -> dict[str, Any]:
    """Return the object in a checkpoint's JSON file; CheckpointError when it is missing or broken."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise CheckpointError(
            f"{path.name} is missing", where=str(path.parent), do="give a folder in the Hugging Face layout"
        ) from error
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise CheckpointError(
            f"{path.name} cannot be read: {error}", where=str(path), do="copy the checkpoint again"
        ) from error
    if not isinstance(content, dict):
        raise CheckpointError(
            f"{path.name}: wanted an object, found {type(content).__name__}",
            where=str(path),
            do="copy the checkpoint again",
        )
    return content


def write_tensors(path: Path, tensors: Mapping[str, Tensor]) -> None:
    """Write one safetensors file, tensors on the CPU and contiguous; `format: pt` is what transformers asks for."""
    try:
        save_file({name: tensor.cpu().contiguous() for name, tensor in tensors.items()}, path, {"format": "pt"})
    except (OSError, SafetensorError) as error:
        raise _cannot_write(path, error) from error


def write_sharded(folder: Path, tensors: Mapping[str, Tensor], shard_bytes: int) -> None:
    """Write model.safetensors, or several files of at most `shard_bytes` (or one tensor) each and their index."""
    shards: list[dict[str, Tensor]] = [{}]
    filled = 0
    for name, tensor in tensors.items():
        if shards[-1] and filled + tensor.nbytes > shard_bytes:
            shards.append({})
            filled = 0
        shards[-1][name] = tensor
        filled += tensor.nbytes
    for stale in folder.glob("model*.safetensors*"):
        stale.unlink()
    if len(shards) == 1:
        write_tensors(folder / SINGLE, shards[0])
        return
    names = [f"model-{number:05}-of-{len(shards):05}.safetensors" for number in range(1, len(shards) + 1)]
    for file_name, shard in zip(names, shards, strict=True):
        write_tensors(folder / file_name, shard)
    weight_map = {name: file_name for file_name, shard in zip(names, shards, strict=True) for name in shard}
    total = sum(tensor.nbytes for tensor in tensors.values())
    write_json(folder / INDEX, {"metadata": {"total_size": total}, "weight_map": weight_map})


@contextmanager
def open_tensors(path: Path) -> Iterator[Any]:
    """Open a safetensors file for reading; CheckpointError when it is missing, truncated or not one."""
    try:
        with safe_open(path, framework="pt") as file:
            yield file
    except FileNotFoundError as error:
        raise CheckpointError(
            f"{path.name} is missing", where=str(path.parent), do="copy the checkpoint again, with all its files"
        ) from error
    except (OSError, SafetensorError) as error:
        size = path.stat().st_size if path.is_file() else 0
        raise CheckpointError(
            f"{path.name} is truncated or damaged ({size} bytes): {error}",
            where=str(path),
            do="copy the checkpoint again",
        ) from error


def read_sharded(
    folder: Path, shapes: Mapping[str, tuple[int, ...]], dtype: torch.dtype, *, ignored: tuple[str, ...] = ()
) -> dict[str, Tensor]:
    """Return the tensors named in `shapes`, each copied into memory in the type asked for.

    Every file's header is looked at before any tensor is read, so that a wrong checkpoint is refused at once:
    CheckpointError names the file, the tensor, and what was wanted and found. A tensor that `shapes` does not name is
    an error too, unless its name ends with one in `ignored`.
    """
    files = {name: path for name, path in _files_of(folder).items() if not name.endswith(ignored)}
    _check_names(folder, files, shapes)
    tensors: dict[str, Tensor] = {}
    for path in dict.fromkeys(files.values()):
        with open_tensors(path) as file:
            for name in (name for name, holder in files.items() if holder == path):
                found = tuple(file.get_slice(name).get_shape())
                if found != shapes[name]:
                    raise CheckpointError(
                        f"tensor {name}: wanted shape {list(shapes[name])}, found {list(found)}",
                        where=str(path),
                        do="config.json and the weights are of different models: copy the checkpoint again",
                    )
                tensors[name] = file.get_tensor(name).to(dtype, copy=True)
    return tensors


def tensor_names(folder: Path) -> set[str]:
    """Return the names of all tensors in a checkpoint, without reading them."""
    return set(_files_of(folder))


def _files_of(folder: Path) -> dict[str, Path]:
    """Return tensor name → file, from the index where there is one."""
    if (folder / SINGLE).is_file() or not (folder / INDEX).is_file():
        if not (folder / SINGLE).is_file() and list(folder.glob("pytorch_model*.bin")):
            raise CheckpointError(
                "weights in pickle files (pytorch_model.bin) are not read: they can run code",
                where=str(folder),
                do="save the model as safetensors",
            )
        with open_tensors(folder / SINGLE) as file:
            return {str(name): folder / SINGLE for name in file.keys()}  # noqa: SIM118 - not a dict, only has keys()
    weight_map = read_json(folder / INDEX).get("weight_map")
    if not isinstance(weight_map, dict):
        raise CheckpointError(f"{INDEX} lacks weight_map", where=str(folder), do="copy the checkpoint again")
    files: dict[str, Path] = {}
    for file_name in dict.fromkeys(weight_map.values()):
        with open_tensors(folder / Path(file_name).name) as file:
            files |= {str(name): folder / Path(file_name).name for name in file.keys()}  # noqa: SIM118
    return files


def _check_names(folder: Path, files: Mapping[str, Path], shapes: Mapping[str, tuple[int, ...]]) -> None:
    """Raise for tensors that are missing or that nothing asked for, with how many and the first few."""
    for problem, names in (
        ("missing", sorted(shapes.keys() - files.keys())),
        ("unexpected", sorted(files.keys() - shapes.keys())),
    ):
        if names:
            shown = ", ".join(names[:3]) + (", …" if len(names) > 3 else "")
            raise CheckpointError(
                f"{len(names)} {problem} tensors in the checkpoint: {shown}; wanted {len(shapes)}, found {len(files)}",
                where=str(folder),
                do="config.json and the weights are of different models: copy the checkpoint again",
            )


def _cannot_write(path: Path, error: Exception) -> StorageError:
    """Return the error for a full disk or an unwritable folder."""
    return StorageError(f"cannot write {path.name}: {error}", where=str(path), do="free space or choose another folder")
