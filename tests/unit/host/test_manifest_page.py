"""``docs/manifest.md``: its examples are manifests, and it leaves no field out."""

import re
from pathlib import Path

from policies.json_text import JsonText
from policies.manifest_shape import CapabilitiesShape, ManifestShape, SettingShape
from policies.package_manifest import parse_package
from tests.unit.host.test_manifests import manifest_of

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "manifest.md").read_text()


def block(language: str) -> str:
    """The one block of code in *language*."""
    (found,) = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    return str(found)


def test_the_full_example_is_a_manifest_without_a_warning() -> None:
    """And it has every field that there is."""
    document = JsonText(block("json"))
    manifest = parse_package(document.value, where="package.json", line_of=document.line)

    assert manifest.warnings == ()
    assert isinstance(document.value, dict)
    stated = document.value["jcode-plugin"]["v2"]  # type: ignore[index,call-overload]
    own = set(document.value) | set(stated)  # type: ignore[arg-type]
    assert own >= {f.alias or name for name, f in ManifestShape.model_fields.items()}
    assert set(stated["capabilities"]) == set(CapabilitiesShape.model_fields)  # type: ignore[index,call-overload,arg-type]
    assert {setting.type for setting in manifest.settings} == {
        "string", "number", "boolean", "enum", "array", "object",
    }  # fmt: skip


def test_the_example_of_a_file_is_read_from_its_syntax() -> None:
    """With TypeScript around it."""
    manifest = manifest_of(block("ts"))

    assert manifest.warnings == ()
    assert (manifest.name, manifest.tier, manifest.origin) == (
        "greeter",
        "read",
        "export const manifest",
    )


def test_no_key_is_left_out() -> None:
    """A field that the page does not name is one that nobody finds."""
    for shape in (ManifestShape, CapabilitiesShape, SettingShape):
        for name, field in shape.model_fields.items():
            assert f"`{field.alias or name}`" in PAGE, name
