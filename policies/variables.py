"""Which environment variables a program that a plugin runs may get, and who chose their values.

Promises    A variable that makes programs run others, or look elsewhere for what they run, is never given because its
            value may be read: choosing it is what ``env NAME=value command`` does, and is decided as that command.
"""

import re
from typing import Final

HARMLESS: Final = re.compile(
    r"LANG|LANGUAGE|LC_[A-Z]+|TZ|TERM|COLUMNS|LINES|NO_COLOR|FORCE_COLOR|CLICOLOR|CLICOLOR_FORCE|CI|DEBUG|NODE_ENV"
)
"""Variables whose value a plugin may choose for whatever it may run."""

_STEERS: Final = re.compile(
    r"PATH|HOME|SHELL|SHELLOPTS|BASHOPTS|IFS|ENV|CDPATH|PS4|PROMPT_COMMAND|BASH_.*|ZDOTDIR|ZSH.*|FPATH|TMPDIR|TEMP|TMP"
    r"|LD_.*|DYLD_.*|MALLOC_.*|GLIBC_.*|GCONV_PATH|LOCPATH|NLSPATH|HOSTALIASES|RESOLV_.*|GETCONF_DIR|TERMINFO.*|TERMCAP"
    r"|GIT_.*|SSH_.*|GPG_.*|GNUPGHOME|HG.*|SVN_.*|CVS_.*|LESS.*|MANPAGER|MORE|.*PAGER|.*EDITOR|VISUAL|BROWSER|.*_?ASKPASS"
    r"|NODE_(?!ENV$).*|NPM_.*|DENO_.*|BUN_.*|PYTHON.*|PIP_.*|UV_.*|VIRTUAL_ENV|CONDA_.*|PERL.*|RUBY.*|GEM_.*|BUNDLE_.*|LUA_.*|PHP.*"
    r"|R_.*|JAVA_.*|_JAVA_.*|JDK_.*|CLASSPATH|MAVEN_.*|GRADLE_.*|ANT_.*|DOTNET_.*|CORECLR_.*|COMPLUS_.*|CARGO.*|RUSTC?_?.*|RUSTUP_.*|GO[A-Z]*"
    r"|CC|CXX|LD|AR|AS|CPP|.*FLAGS|MAKE.*|CMAKE_.*|COMPILER_PATH|LIBRARY_PATH|.*_INCLUDE_PATH|PKG_CONFIG.*|CCACHE_.*"
    r"|XDG_.*|DBUS_.*|DISPLAY|WAYLAND_.*|GTK_.*|QT_.*|DOCKER_.*|KUBECONFIG|AWS_CONFIG_FILE|AWS_SHARED_CREDENTIALS_FILE|TAR_.*|RSYNC_.*"
    r"|PSQL.*|PGSERVICEFILE|PGSYSCONFDIR|MYSQL_.*|SQLITE_.*|CURL_HOME|WGETRC|OPENSSL_.*|SSL_.*|JCODE_.*|SUDO_.*|GREP_.*|TIMEFORMAT",
    re.IGNORECASE,
)

NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def steers(name: str) -> bool:
    """Whether *name* may make a program run what its value says."""
    return _STEERS.fullmatch(name) is not None
