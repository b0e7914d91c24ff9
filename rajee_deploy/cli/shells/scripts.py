"""The scripts that let a shell ask us, and the answer as each of them reads it.

What we answer holds names of files and settings of others' projects, so no script gives it to `eval`, and none shows
what goes wrong. An answer is a line for each word, with a tab and what it stands for; or `:files`, `:directories`,
where the shell has to look for itself. The scripts hold no names, so they stay as they are when ours change.
"""

from __future__ import annotations

import os
import re
import shlex
from typing import TYPE_CHECKING

from rajee_deploy.cli.shells.answer import Paths, answer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rajee_deploy.cli.shells.answer import Answer, Candidate

VARIABLE = "_RAJEE_DEPLOY_COMPLETE"  # which shell asks
_LINE = "_RAJEE_DEPLOY_LINE"  # bash alone: it has split its words where we do not
_MOST_ABOUT = 70
_SAFE = re.compile(r"[\w@%+=:,./{}-]*")  # to a shell these are themselves

# What bash 3.2 lacks (compopt, which macOS' own bash does not have) costs a blank too many, and nothing else.
_BASH = r"""# rajee-deploy: completion for bash.
_rajee_deploy() {
    local line kind='' word=${COMP_WORDS[COMP_CWORD]}
    COMPREPLY=()
    [[ $word == = ]] && word=
    while IFS= read -r line; do
        case $line in
            :files) kind=-f ;;
            :directories) kind=-d ;;
            *) COMPREPLY+=("$line") ;;
        esac
        [[ $line == *= ]] && compopt -o nospace 2>/dev/null
    done < <(_RAJEE_DEPLOY_COMPLETE=bash _RAJEE_DEPLOY_LINE="${COMP_LINE:0:$COMP_POINT}" \
        COMP_WORDBREAKS="$COMP_WORDBREAKS" "$1" 2>/dev/null </dev/null)
    [[ $kind ]] || return 0
    compopt -o filenames 2>/dev/null
    while IFS= read -r line; do
        COMPREPLY+=("$line")
    done < <(compgen $kind -- "$word")
    return 0
}
complete -F _rajee_deploy rajee-deploy
"""

_ZSH = r"""#compdef rajee-deploy
# rajee-deploy: completion for zsh.
_rajee_deploy() {
    local line word
    local -a lines plain open
    lines=("${(@f)$(_RAJEE_DEPLOY_COMPLETE=zsh "${(Q)words[1]}" "${(@Q)words[2,CURRENT]}" 2>/dev/null </dev/null)}")
    case $lines[1] in
        :files) [[ $PREFIX == --*=* ]] && compset -P '*='; _files; return ;;
        :directories) [[ $PREFIX == --*=* ]] && compset -P '*='; _files -/; return ;;
    esac
    for line in $lines; do
        word=${line%%$'\t'*}
        [[ $word == *= ]] && open+=($word) && continue
        plain+=("${word//:/\\:}${${line#$word}:+:${line#*$'\t'}}")
    done
    (( $#plain )) && _describe -V 'rajee-deploy' plain
    (( $#open )) && compadd -S '' -a open
}
if [[ $funcstack[1] == _rajee_deploy ]]; then
    _rajee_deploy "$@"
else
    (( $+functions[compdef] )) || { autoload -Uz compinit && compinit -i }
    compdef _rajee_deploy rajee-deploy
fi
"""

_FISH = r"""# rajee-deploy: completion for fish.
function __rajee_deploy_complete
    set -l words (commandline -opc)
    set -l word (commandline -ct)
    for line in (_RAJEE_DEPLOY_COMPLETE=fish $words[1] $words[2..-1] "$word" 2>/dev/null </dev/null)
        switch $line
            case :files
                __fish_complete_path (string replace -r -- '^--[^=]*=' '' "$word")
            case :directories
                __fish_complete_directories (string replace -r -- '^--[^=]*=' '' "$word") ''
            case '*'
                printf '%s\n' $line
        end
    end
end
complete -c rajee-deploy -e
complete -c rajee-deploy -f -k -a '(__rajee_deploy_complete)'
"""

SCRIPTS = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH}


def completed(shell: str, argv: Sequence[str]) -> str:
    """What the shell that asks reads. `argv` are the words up to the cursor; bash gives a line instead. ValueError for
    one that has no script."""
    if shell not in SCRIPTS:
        raise ValueError(shell)
    if shell != "bash":
        *before, word = argv or [""]
        return "".join(f"{line}\n" for line in _lines(answer(before, word)))
    before, word = split_line(os.environ.get(_LINE, ""))
    found = answer(before[1:], word)
    if isinstance(found, Paths):
        return f":{found.value}\n"
    breaks = os.environ.get("COMP_WORDBREAKS", "")
    return "".join(f"{_after_breaks(each.word, word, breaks)}\n" for each in found)


def split_line(line: str) -> tuple[list[str], str]:
    """The words of a line before the last one, and that, which may be none yet; a quote may still be open."""
    for closing in ("", '"', "'"):
        lexer = shlex.shlex(f"{line}{closing}", posix=True, punctuation_chars=False)
        lexer.whitespace_split, lexer.commenters = True, ""
        try:
            words = list(lexer)
        except ValueError:
            continue
        is_begun = not line[-1:].isspace() or bool(closing) or re.search(r"(?<!\\)\\\s$", line) is not None
        return (words[:-1], words[-1]) if words and is_begun else (words, "")
    return [], ""


def _lines(found: Answer) -> list[str]:
    if isinstance(found, Paths):
        return [f":{found.value}"]
    return [f"{each.word}\t{_about(each)}" if each.about else each.word for each in found]


def _about(candidate: Candidate) -> str:
    text = "".join(c if c.isprintable() else " " for c in candidate.about)
    return text if len(text) <= _MOST_ABOUT else f"{text[: _MOST_ABOUT - 1]}…"


def _after_breaks(found: str, word: str, breaks: str) -> str:
    """What bash puts in the place of the part that it holds for the word: it begins anew behind `:` and `=`."""
    cut = max((word.rfind(sign) + 1 for sign in ":=" if sign in breaks), default=0)
    rest = found[cut:]
    return rest if _SAFE.fullmatch(rest) else shlex.quote(rest)
