"""Parses the PowerShell scripts of a folder, compares them with a reviewed list of cmdlets, and prints what is
wrong as a JSON array of texts.

Usage: check_entra.py FOLDER LIST

There is no PowerShell where tests run, so what it would find only when a line runs is looked for here: syntax,
names and parameters of commands, names of variables, properties, methods and types, and values without a name.
What the scripts must do is looked for as well: each ends with both answers of its test (granted inside, denied
outside), changes nothing under -WhatIf, and refuses placeholders.
"""

import json
import re
import sys
from pathlib import Path

import tree_sitter
import tree_sitter_powershell

PARSER = tree_sitter.Parser(tree_sitter.Language(tree_sitter_powershell.language()))
SHARED = "common.ps1"
CHANGING = re.compile(r"(New|Set|Add|Remove)-", re.IGNORECASE)
# Of the folder's own functions those that assert an answer, and whether that is one per role.
ASSERTIONS = {"assert-roleanswer": True, "assert-policyanswer": False}
ANSWERS = {("$mailboxinside", "granted"), ("$mailboxoutside", "denied")}
MANDATORY = {"tenantid", "appid", "mailboxinside", "mailboxoutside"}


def text(node):
    return node.text.decode()


def below(node, *types):
    """The nodes of these types below a node, functions within it left out."""
    return (child for child in walk(node) if child.type in types)


def walk(node, with_functions=False):
    """All nodes below a node, in the order of the text."""
    pending = node.children[::-1]
    while pending:
        child = pending.pop()
        yield child
        if with_functions or child.type != "function_statement":
            pending.extend(child.children[::-1])


def only(node):
    """What a chain of nodes with one child each ends in."""
    while node.type not in ("variable", "string_literal") and node.named_child_count == 1:
        node = node.named_children[0]
    return node


class Parameter:
    def __init__(self, node):
        attributes = [text(found) for found in below(node, "attribute")]
        self.name = text(node.child_by_field_name("name") or next(below(node, "variable"))).lstrip("$")
        self.is_switch = any(re.fullmatch(r"\[switch\]", found, re.IGNORECASE) for found in attributes)
        self.is_mandatory = any("Mandatory" in found for found in attributes)


class Body:
    """A script without its functions, or one function."""

    def __init__(self, script, node, name):
        self.script, self.node, self.name = script, node, name
        self.nodes = list(walk(node))
        block = next(below(node, "param_block"), None)
        found = below(block, "script_parameter") if block else []
        self.parameters = {one.name.lower(): one for one in map(Parameter, found)}
        self.commands = [Command(self, found) for found in self.of("command")]

    def of(self, *types):
        return (node for node in self.nodes if node.type in types)

    def problem(self, node, what):
        self.script.problem(node, what)

    def check(self, known, functions):
        self.check_variables(known)
        for command in self.commands:
            command.check(known, functions)
        for node in self.of("invokation_expression"):
            self.check_member(node, known["methods"], "method")
        properties = set(known["properties"]) | {
            name for cmdlet in known["cmdlets"].values() for name in cmdlet.get("reads", [])
        }
        properties |= self.script.folder.made
        for node in self.of("member_access"):
            self.check_member(node, properties, "property")
        types = {name.lower() for name in known["types"]}
        for node in self.of("type_literal"):
            name = text(node).strip("[]").lower()
            if name not in types:
                self.problem(node, f"type {text(node)} is not in the list")
        for node in self.of("try_statement", "trap_statement"):
            self.problem(node, "an error that is caught here may be a test that failed")

    def check_member(self, node, names, kind):
        member = next((child for child in node.children if child.type == "member_name"), None)
        if member is None or text(member) not in names:
            self.problem(node, f"{kind} {text(member) if member else text(node)} is not in the list")

    def check_variables(self, known):
        defined = {name.lower() for name in known["variables"]} | set(self.parameters)
        for node in self.of("left_assignment_expression"):
            defined |= {text(found).lstrip("$").lower() for found in [only(node)]}
        for node in self.of("foreach_statement"):
            variable = next(child for child in node.children if child.type == "variable")
            defined.add(text(variable).lstrip("$").lower())
        for node in self.of("variable", "braced_variable"):
            name = re.sub(r"^\$\{?|\}$", "", text(node)).lower()
            if name not in defined:
                self.problem(node, f"variable {text(node)} is not assigned")


class Command:
    def __init__(self, body, node):
        self.body, self.node = body, node
        name = next((child for child in node.children if child.type == "command_name"), None)
        self.name = text(name) if name else ""
        self.named, self.positional, self.splatted = [], [], False
        elements = next((child for child in node.children if child.type == "command_elements"), None)
        last, colon = None, False
        for element in elements.children if elements else []:
            if element.type == "command_argument_sep":
                colon = ":" in text(element)
            elif element.type == "command_parameter":
                last = [text(element).lstrip("-"), None, False]
                self.named.append(last)
            elif last is not None and last[1] is None:
                last[1], last[2] = element, colon
                last = None
            else:
                self.positional.append(element)
                self.splatted |= text(element).startswith("@") and not text(element).startswith(("@(", "@{"))
        self.splatted |= any(one[1] is not None and re.match(r"@\w", text(one[1])) for one in self.named)

    def value(self, name):
        for given, node, _ in self.named:
            if given.lower() == name.lower() and node is not None:
                return text(node)
        return None

    def check(self, known, functions):
        if not self.name:
            if not re.fullmatch(rf"\. \(Join-Path \$PSScriptRoot '{SHARED}'\)", text(self.node)):
                self.problem(f"{text(self.node)} is no command by name")
            return
        cmdlets = {name.lower(): cmdlet for name, cmdlet in known["cmdlets"].items()}
        cmdlet = cmdlets.get(self.name.lower())
        function = functions.get(self.name.lower())
        if function is not None:
            parameters = function.parameters.values()
            switches = {one.name.lower() for one in parameters if one.is_switch}
            values = {one.name.lower() for one in parameters if not one.is_switch}
            self.check_parameters(values, switches, [one.name for one in parameters if one.is_mandatory], 0)
        elif cmdlet is not None:
            required, one_of = cmdlet.get("required", []), cmdlet.get("one_of", [])
            values = {name.lower() for name in [*required, *one_of, *cmdlet.get("values", [])]}
            switches = {name.lower() for name in cmdlet.get("switches", [])}
            self.check_parameters(values, switches, required, cmdlet.get("positional", 0))
            given = [name.lower() for name, _, _ in self.named]
            if one_of and sum(name.lower() in given for name in one_of) != 1:
                self.problem(f"needs one of -{', -'.join(one_of)}")
            if "module" in cmdlet and CHANGING.match(self.name) and not self.is_guarded():
                self.problem("changes something under -WhatIf too: no ShouldProcess around it")
        else:
            self.problem("is neither a function of the folder nor in the list")

    def check_parameters(self, values, switches, required, positional):
        given = set()
        extra = len(self.positional)
        if self.splatted:
            self.problem("parameters from a variable cannot be checked")
        for name, value, colon in self.named:
            lower = name.lower()
            if lower in given:
                self.problem(f"-{name} is given twice")
            given.add(lower)
            if lower in switches:
                # Without a colon the value is an argument of its own.
                extra += value is not None and not colon
            elif lower not in values:
                self.problem(f"parameter -{name} is not in the list")
            elif value is None:
                self.problem(f"-{name} has no value")
        for name in required:
            if name.lower() not in given:
                self.problem(f"-{name} is missing")
        if extra > positional:
            self.problem(f"{extra} values without the name of a parameter")

    def is_guarded(self):
        """Whether a condition around it is, or contains with `and`, that the change is wanted."""
        inner, outer = self.node, self.node.parent
        while outer is not None and outer.type != "function_statement":
            if outer.type in ("if_statement", "elseif_clause") and inner.type == "statement_block":
                condition = next(child for child in outer.children if child.type == "pipeline")
                asked = r"(.* -and )?\$PSCmdlet\.ShouldProcess\(.*\)"
                if re.fullmatch(asked, text(condition), re.DOTALL) and " -or " not in text(condition):
                    return True
            inner, outer = outer, outer.parent
        return False

    def problem(self, what):
        self.body.problem(self.node, f"{self.name or 'command'}: {what}")


class Script:
    def __init__(self, folder, path):
        self.folder, self.name = folder, path.name
        self.source = path.read_text(encoding="utf-8")
        self.tree = PARSER.parse(self.source.encode())
        root = self.tree.root_node
        self.functions = {}
        for node in self.function_nodes(root):
            name = text(next(child for child in node.children if child.type == "function_name"))
            self.functions[name.lower()] = Body(self, node, name)
        self.body = Body(self, root, "")

    @staticmethod
    def function_nodes(root):
        return below(root, "function_statement")

    def problem(self, node, what):
        line = node.start_point[0] + 1 if node is not None else 1
        self.folder.problems.append(f"{self.name}:{line}: {what}")

    def check(self, known, functions):
        if not self.source.isascii():
            self.problem(None, "not ASCII: Windows reads other characters in its own way")
        for body in [self.body, *self.functions.values()]:
            body.check(known, functions)
        self.check_texts(known)
        statements = [text(node) for node in self.statements()]
        for wanted in ("Set-StrictMode -Version Latest", "$ErrorActionPreference = 'Stop'"):
            if wanted not in statements[:2]:
                self.problem(None, f"does not begin with {wanted}")
        if self.name != SHARED:
            self.check_head(known, functions)
            self.check_end(functions)

    def check_syntax(self, node):
        if node.is_error or node.is_missing:
            self.problem(node, f"syntax: {text(node).splitlines()[0] if text(node) else node.type}")
        elif node.has_error:
            for child in node.children:
                self.check_syntax(child)

    def check_texts(self, known):
        """Names within texts: cmdlets that messages name, roles, permissions."""
        cmdlets = {*known["cmdlets"], *known["mentioned"]}
        own = {path.name[:-4] for path in self.folder.paths}
        modules = r"(?:Mg|ServicePrincipal|Management|Application|Organization|Distribution|Exchange)"
        for node in walk(self.tree.root_node, with_functions=True):
            if node.type != "string_literal":
                continue
            for name in re.findall(rf"\b[A-Z][a-z]+-{modules}\w+", text(node)):
                if name not in cmdlets:
                    self.problem(node, f"{name} is not in the list")
            for name in re.findall(r"\b[a-z-]+(?=\.ps1\b)", text(node)):
                if name not in own:
                    self.problem(node, f"there is no {name}.ps1")
            for name in re.findall(r"\$\w+:", text(node)) if text(node).startswith('"') else []:
                self.problem(node, f"{name} names a drive or a scope: put braces around the variable")
            plain = text(node).strip("'\"")
            if re.match(r"Application \w", plain) and plain not in {*known["roles"], "Application $MailPermission"}:
                self.problem(node, f"{plain} is no role of the list")
            if re.fullmatch(r"[A-Z]\w+\.\w+\.All", plain) and plain not in known["permissions"]:
                self.problem(node, f"{plain} is no permission of the list")

    def statements(self):
        lists = [node for node in self.tree.root_node.children if node.type == "statement_list"]
        for node in lists:
            yield from (child for child in node.children if child.type not in ("comment", "empty_statement", ";"))

    def check_head(self, known, functions):
        reached, pending = {}, list(self.body.commands)
        for command in pending:
            function = functions.get(command.name.lower())
            if function is not None and function.name not in reached:
                reached[function.name] = function
                pending.extend(function.commands)
        self.folder.called |= set(reached)
        used = {cmdlet["module"] for name, cmdlet in known["cmdlets"].items()
                if "module" in cmdlet and name.lower() in {one.name.lower() for one in pending}}
        line = r"^#Requires -Modules @\{ ModuleName = '([\w.]+)'; ModuleVersion = '[\d.]+' \}$"
        required = set(re.findall(line, self.source, re.MULTILINE))
        for module in sorted(used ^ required):
            self.problem(None, f"#Requires and use differ in module {module}")
        if not self.source.startswith("#Requires -Version "):
            self.problem(None, "does not say which PowerShell it requires")
        sections = re.findall(r"^\.([A-Z]+)(?: (\w+))?$", self.source.split("#>")[0], re.MULTILINE)
        for section in ("SYNOPSIS", "DESCRIPTION", "EXAMPLE"):
            if (section, "") not in sections:
                self.problem(None, f"its help has no .{section}")
        explained = {name.lower() for section, name in sections if section == "PARAMETER"}
        for name in sorted(explained ^ set(self.body.parameters)):
            self.problem(None, f"help and parameters differ in -{name}")
        mandatory = {name for name, one in self.body.parameters.items() if one.is_mandatory}
        for name in sorted(MANDATORY - mandatory):
            self.problem(None, f"-{name} is not mandatory")
        if "[CmdletBinding(SupportsShouldProcess)]" not in self.source:
            self.problem(None, "does not support -WhatIf")
        loops = [re.sub(r"\s+", " ", text(node)) for node in self.statements() if node.type == "foreach_statement"]
        refusal = ("foreach ($given in $PSBoundParameters.GetEnumerator()) "
                   "{ Assert-NoPlaceholder -Name $given.Key -Value $given.Value }")
        if refusal not in loops:
            self.problem(None, "does not refuse placeholders in all parameters")

    def check_end(self, functions):
        """The last statements assert both answers, for every role where there are roles."""
        statements = list(self.statements())
        found, callers = set(), set()
        per_role = statements[-1].type == "foreach_statement"
        if per_role:
            loop = re.match(r"foreach \(\$role in \$roles\)", text(statements[-1]))
            block = [node for node in statements[-1].children if node.type == "statement_block"]
            inner = [node for node in below(block[0], "statement_list")][:1] if loop and block else []
            last = [child for node in inner for child in node.children if child.is_named and child.type != "comment"]
        else:
            last = statements[-2:]
        by_node = {command.node.id: command for command in self.body.commands}
        for statement in last:
            command = by_node.get(only(statement).id) or by_node.get(first_command(statement))
            if command is None or ASSERTIONS.get(command.name.lower()) is not per_role:
                found.clear()
                continue
            if per_role and command.value("Role") != "$role":
                continue
            callers.add(command.name.lower())
            found.add((str(command.value("Mailbox")).lower(), str(command.value("Expected")).lower()))
        for mailbox, answer in sorted(ANSWERS - found):
            self.problem(statements[-1], f"the end does not assert that {mailbox} is {answer}")
        for node in self.body.of("flow_control_statement"):
            if re.match(r"(return|exit|break|continue)\b", text(node)):
                self.problem(node, "may end the script before its test")
        for name in callers:
            body = functions[name]
            tests = [command for command in body.commands if command.name.startswith("Test-")]
            throws = [node for node in body.of("flow_control_statement") if text(node).startswith("throw")]
            if not tests or not throws:
                self.problem(statements[-1], f"{body.name} does not test, or does not fail")


def first_command(statement):
    """The command that a statement is, if it is nothing else."""
    commands = list(below(statement, "command"))
    whole = commands and text(commands[0]) == text(statement)
    return commands[0].id if whole else None


class Folder:
    def __init__(self, folder):
        self.paths = sorted(Path(folder).glob("*.ps1"))
        self.problems, self.called = [], set()
        self.scripts = [Script(self, path) for path in self.paths]
        # Properties of objects that the scripts make themselves.
        self.made = {text(key) for script in self.scripts
                     for body in [script.body, *script.functions.values()] for key in body.of("key_expression")}

    def check(self, known):
        functions = {}
        for script in self.scripts:
            if script.name != SHARED and script.functions:
                script.problem(None, f"functions belong into {SHARED}")
            functions.update(script.functions)
        for script in self.scripts:
            script.check_syntax(script.tree.root_node)
        if self.problems:
            # What a broken script says beyond that misleads.
            return self.problems
        for script in self.scripts:
            script.check(known, functions)
        for function in functions.values():
            if function.name not in self.called:
                function.problem(function.node, f"nothing calls {function.name}")
        used = {command.name.lower() for script in self.scripts
                for body in [script.body, *script.functions.values()] for command in body.commands}
        for name in known["cmdlets"]:
            if name.lower() not in used:
                self.problems.append(f"list: nothing uses {name}")
        return sorted(set(self.problems))


def main():
    folder, known = sys.argv[1:]
    found = Folder(folder)
    if len(found.scripts) < 2:
        raise SystemExit(f"no scripts in {folder}")
    print(json.dumps(found.check(json.loads(Path(known).read_text(encoding="utf-8")))))


main()
