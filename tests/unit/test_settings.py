import pytest

from service.core.errors import SettingsError
from service.settings import NAMES, Settings, read_settings

SECRET = "s3cret-" + "x" * 32


def refusal(environment):
    with pytest.raises(SettingsError) as caught:
        read_settings(environment)
    return str(caught.value)


@pytest.fixture
def file(tmp_path):
    """A function that writes a TOML file and gives the environment that names it."""

    def write(text):
        path = tmp_path / "her2.toml"
        path.write_text(text, encoding="utf-8")
        return {"HER2_CONFIG": str(path)}

    return write


def test_nothing_stated_is_the_service_as_it_comes():
    settings = read_settings({"PATH": "/bin", "OTHER": "1"})
    assert settings == Settings()
    assert (settings.host, settings.port) == ("127.0.0.1", 8080)
    assert settings.max_body_bytes == 5242880


def test_a_variable_states_a_setting():
    assert read_settings({"HER2_PORT": "9090", "HER2_JURISDICTION": "eu"}) == Settings(
        port=9090, jurisdiction="eu"
    )


def test_the_file_states_settings_and_the_environment_wins(file):
    environment = file('port = 9090\njurisdiction = "cn"')
    assert read_settings(environment) == Settings(port=9090, jurisdiction="cn")
    assert read_settings(environment | {"HER2_PORT": "9091"}).port == 9091


def test_an_empty_variable_is_not_set(file):
    environment = file(f'api_token = "{SECRET}"')
    assert read_settings(environment | {"HER2_API_TOKEN": ""}).api_token == SECRET
    assert read_settings({"HER2_CONFIG": ""}) == Settings()


@pytest.mark.parametrize(
    ("unknown", "nearest"),
    [
        ("HER2_PROT", "HER2_PORT"),
        ("HER2_JURISDICTIONS", "HER2_JURISDICTION"),
        ("HER2_CONFG", "HER2_CONFIG"),
        ("HER2_TOKEN", "HER2_API_TOKEN"),
    ],
)
def test_an_unknown_variable_is_named_with_the_nearest_known_one(unknown, nearest):
    said = refusal({unknown: SECRET})
    assert unknown in said
    assert f"Did you mean {nearest}?" in said
    assert SECRET not in said


def test_an_unknown_key_in_the_file_is_named_with_the_nearest_known_one(file):
    said = refusal(file("max_body = 5"))
    assert "max_body " in said
    assert "Did you mean max_body_bytes?" in said


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("jurisdiction", "uk"),
        ("jurisdiction", "US"),
        ("canonical_base", "her2.example/fhir"),
        ("canonical_base", "https://her2.example/fhir/"),
        ("canonical_base", "ftp://her2.example/fhir"),
        ("canonical_base", "https://her2.example/fhir?a=b"),
        ("canonical_base", "https:///fhir"),
        ("max_body_bytes", "-1"),
        ("max_body_bytes", "5 MB"),
        ("concept_map", "/no/such/file.json"),
        ("api_token", "short"),
        ("api_token", "x" * 31),
        ("api_token", "with a space " + "x" * 32),
        ("api_token", "é" * 32),
        ("api_token", 'a,b="c"' * 8),
        ("api_token", "x" * 32 + "\n"),
        ("database_url", "her2.db"),
        ("database_url", "mysql://u:p@h/d"),
        ("host", "a b"),
        ("port", "0"),
        ("port", "65536"),
        ("port", "80.5"),
        ("workers", "0"),
        ("log_level", "loud"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_by_both_its_names(name, value):
    said = refusal({f"HER2_{name.upper()}": value})
    assert said.startswith(f"{name} (HER2_{name.upper()}): ")


@pytest.mark.parametrize("line", ["port = 80.5", "port = true", "host = 3", "port = [80]"])
def test_a_value_of_another_kind_in_the_file_is_refused(file, line):
    assert line.partition(" ")[0] in refusal(file(line))


def test_every_wrong_value_is_told_together():
    said = refusal({"HER2_PORT": "0", "HER2_WORKERS": "x"})
    assert "HER2_PORT" in said
    assert "HER2_WORKERS" in said


@pytest.mark.parametrize("text", ["port = ", "= 3", "port = 1\nport = 2"])
def test_a_file_that_is_not_toml_is_refused(file, text):
    assert "not TOML" in refusal(file(text))


def test_a_file_that_is_not_there_is_refused(tmp_path):
    assert "cannot be read" in refusal({"HER2_CONFIG": str(tmp_path / "none.toml")})
    assert "cannot be read" in refusal({"HER2_CONFIG": str(tmp_path)})


def test_a_secret_is_never_shown():
    environment = {"HER2_API_TOKEN": SECRET, "HER2_DATABASE_URL": f"postgresql://u:{SECRET}@h/d"}
    settings = read_settings(environment)
    assert settings.api_token == SECRET
    assert SECRET not in repr(settings)
    assert SECRET not in str(settings)
    assert SECRET not in refusal({"HER2_DATABASE_URL": f"mysql://u:{SECRET}@h/d"})
    assert "Zq7" not in refusal({"HER2_API_TOKEN": "Zq7"})


def test_every_default_passes_its_own_check():
    stated = {f"HER2_{name.upper()}": str(getattr(Settings(), name)) for name in NAMES}
    assert read_settings(stated) == Settings()
