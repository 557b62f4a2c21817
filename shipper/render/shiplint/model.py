"""What may be said of a place: what Ship did, what shipper does, and how to write it so that both agree."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from shipper.errors import TemplateError

if TYPE_CHECKING:
    from shipper.errors import Position


class Rule(NamedTuple):
    """Texts in which `{0}` is what the place has; `write` may be empty."""

    ship: str
    shipper: str
    write: str = ""


RULES = {
    # Actions
    "opening": Rule(
        'left {0} as it is: for it only "{{{{repl " with a blank began an action', "runs it", 'write "{{{{repl "'
    ),
    "leftover": Rule(
        "left {0} as it is", "takes no output with it: an action was meant", 'print it: {{{{repl print "{{{{" "repl" }}}}'
    ),
    "jinja": Rule(
        "left {{{{ … }}}} and {{% … %}} as they are", "reads Jinja in a spec without any repl action",
        'say "templating: repl" at the top of the spec',
    ),
    "order": Rule(
        "takes the text first, and the piped value last: here it works on {0}", "does the same", "{1}"
    ),
    "truth": Rule(
        'counts any text but the empty one as true, "false" and "0" too, and a missing name as false',
        "does the same, but a missing name is an error", 'write … | ParseBool, or eq (…) "true", or ne (…) ""',
    ),
    "comparison": Rule(
        "fails: text can't be compared with a number", "fails, too", "make a number of the text: (… | ParseInt)"
    ),
    "number": Rule("calculated with 0 in place of text", "refuses text", "make a number of it: (… | ParseInt)"),
    "parse": Rule("made {1} of {0}", "refuses it", "give the option a default that can be read, and the license a value"),
    "decode": Rule("made an empty text of {0}, which is no base64", "refuses it"),
    "class": Rule(
        "made an empty text: {0} is no class of several characters", "refuses it", "such as [a-z0-9]"
    ),
    "missing": Rule("gave {1}: there is no {0}", "refuses it", "--missing empty does as Ship did"),
    "no-value": Rule('printed "<no value>"', 'refuses it: "." has no value here'),
    "index": Rule("always gave an empty text", "does the same"),
    "bytes": Rule("cuts between bytes, also inside a character", "leaves out a character that would be cut"),
    "random": Rule(
        "made it anew each time, unless the value of an option kept it",
        "keeps it in a file, and refuses to make it without one", "give --state FILE",
    ),
    "kept": Rule(
        "kept it in state.json, and gave an empty text for any error", "keeps it in a file of its own", "give --state FILE"
    ),
    "define": Rule('had "{0}"', "has none of define, template and block", "put the text where it is wanted"),
    "machine": Rule("read the machine that it ran on", "has no such function", "use an option"),
    "kubeconfig": Rule("gave the path of a kubeconfig that it wrote", "has no such function", "use an option"),
    "secret": Rule("printed the registrySecret of the release, too", "never has it"),
    "entitlements": Rule("never had this function", "gives the signed license, which --unsigned-license has not"),
    "structure": Rule(
        "wrote the value into the YAML as it is, with all its lines", "takes a value for one text, quoted where needed",
        'put it after a key or in a block scalar; or say "escape: none" of the asset',
    ),
    "backslash": Rule(
        "wrote the backslash between the double quotes, where YAML reads an escape", "keeps it as a character of the text",
        "leave the replacement and the quotes out: shipper escapes what YAML wants escaped; for Ship, too, use toJson",
    ),
    "message": Rule("had no options in messages", "has them"),
    # Conditions
    "when-text": Rule("included it: {0} is neither true nor false for it", "refuses it", "write true or false"),
    "when-value": Rule(
        "included it for a text that is neither true nor false, or empty (a missing name), and rendered the text again",
        "refuses that", 'write eq (…) "true", or … | ParseBool',
    ),
    "when-blanks": Rule(
        "always included it: blanks or line breaks are around the condition", "takes true only, and refuses false",
        'leave them out, in YAML with "|-" or ">-"',
    ),
    "again": Rule("rendered the result again, and ran {0} in it", "renders once"),
    # The spec
    "dest-dots": Rule('refused ".." anywhere in a dest', "refuses it as the beginning of a name only"),
    "dest-absolute": Rule("wrote there if it is below the folder for temporary files", "refuses it"),
    "dest-folder": Rule("made a folder with the template's text for a name, and failed", "renders the whole dest"),
    "dest-twice": Rule(
        "wrote both, and the last one won", "refuses two files with one dest where both are rendered"
    ),
    "kind": Rule("{0}", "refuses it where its condition includes it", "{1}"),
    "local": Rule("moved the file away", "copies it; only *.j2 is rendered"),
    "github": Rule("fetched the files, unless it was given them", "reads them from a folder", "give --github-contents"),
    "lifecycle": Rule(
        "did only what lifecycle.v1 lists, and rendered nothing", "renders all assets", "add lifecycle: {{v1: [{{render: {{}}}}]}}"
    ),
    "root": Rule('wrote to the folder "installer"', "writes to the output's own folder", "say root: installer, or root: ./"),
}  # fmt: skip


class DifferenceError(TemplateError):
    """One place; `rule` is its name in RULES, `ship` and `shipper` say what each does."""

    def __init__(self, rule: str, position: Position, subject: str, *about: str) -> None:
        self.rule = rule
        self.ship, self.shipper, write = (text.format(*about) for text in RULES[rule])
        super().__init__(
            f"Ship {self.ship}, and shipper {self.shipper} [{rule}]", position=position, subject=subject, hint=write
        )
