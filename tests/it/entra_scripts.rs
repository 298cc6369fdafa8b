//! The scripts for the administrator of a tenant use what their modules offer, and end with both answers.
//!
//! No PowerShell runs here: `tests/py/check_entra.py` parses the scripts and compares them with a reviewed
//! list of cmdlets.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::support::files_below;
use crate::support::python;
use crate::support::root;

/// What is wrong with the scripts of a folder.
fn problems(folder: &Path) -> Vec<String> {
    let list = root().join("tests/py/entra_cmdlets.json");
    let mut script = python::script("check_entra.py");
    let found = python::json(script.arg(folder).arg(list));
    serde_json::from_value(found).unwrap()
}

/// A defect: in which script, what is replaced by what (once), and words of the problem that is found.
struct Mutation {
    script: &'static str,
    from: &'static str,
    to: &'static str,
    found: &'static str,
}

const fn mutation(
    script: &'static str,
    from: &'static str,
    to: &'static str,
    found: &'static str,
) -> Mutation {
    Mutation {
        script,
        from,
        to,
        found,
    }
}

const DENIED: &str = "    Assert-RoleAnswer -Application $application -Role $role -Mailbox \
                      $MailboxOutside -Expected Denied -WaitMinutes $WaitMinutes\n";

const MUTATIONS: &[Mutation] = &[
    // Names.
    mutation(
        "rbac-group.ps1",
        "New-ManagementScope",
        "New-ManagmentScope",
        "New-ManagmentScope: is neither a function of the folder nor in the list",
    ),
    mutation(
        "rbac-group.ps1",
        "-CustomResourceScope",
        "-CustomRecipientWriteScope",
        "New-ManagementRoleAssignment: parameter -CustomRecipientWriteScope is not in the list",
    ),
    mutation(
        "rbac-admin-unit.ps1",
        " -RecipientAdministrativeUnitScope $unitId",
        "",
        "New-ManagementRoleAssignment: needs one of",
    ),
    mutation(
        "common.ps1",
        " -ObjectId $Application.Id",
        "",
        "New-ServicePrincipal: -ObjectId is missing",
    ),
    mutation(
        "common.ps1",
        "Application Calendars.Read'",
        "Application Calendars.ReadBasic'",
        "Application Calendars.ReadBasic is no role of the list",
    ),
    mutation(
        "common.ps1",
        "$_.InScope)\" -eq 'True'",
        "$_.IsInScope)\" -eq 'True'",
        "property IsInScope is not in the list",
    ),
    mutation(
        "common.ps1",
        "${Mailbox}: $found, as",
        "$Mailbox: $found, as",
        "$Mailbox: names a drive or a scope",
    ),
    mutation(
        "access-policy.ps1",
        "$restricting.Count -gt 0",
        "$restrictions.Count -gt 0",
        "variable $restrictions is not assigned",
    ),
    mutation(
        "rbac-group.ps1",
        "-Identity $ScopeName",
        "@arguments",
        "Set-ManagementScope: parameters from a variable cannot be checked",
    ),
    mutation(
        "rbac-group.ps1",
        "Get-WantedRole -Capture $Capture -MailPermission $MailPermission",
        "Get-WantedRole -Capture $Capture",
        "Get-WantedRole: -MailPermission is missing",
    ),
    mutation(
        "rbac-group.ps1",
        "Set-ManagementScope -Identity $ScopeName",
        "Set-ManagementScope $ScopeName",
        "Set-ManagementScope: 1 values without the name of a parameter",
    ),
    // Syntax.
    mutation(
        "rbac-group.ps1",
        "\n}\nelseif ($current",
        "\nelseif ($current",
        "syntax",
    ),
    mutation(
        "common.ps1",
        "$found = 'no answer'",
        "$found = 'no answer",
        "syntax",
    ),
    // The end.
    mutation(
        "rbac-group.ps1",
        DENIED,
        "",
        "the end does not assert that $mailboxoutside is denied",
    ),
    mutation(
        "rbac-admin-unit.ps1",
        "$MailboxInside -Expected Granted",
        "$MailboxInside -Expected Denied",
        "the end does not assert that $mailboxinside is granted",
    ),
    mutation(
        "rbac-group.ps1",
        "$MailboxOutside -Expected Denied",
        "$MailboxInside -Expected Denied",
        "the end does not assert that $mailboxoutside is denied",
    ),
    mutation(
        "rbac-group.ps1",
        "foreach ($role in $roles)",
        "foreach ($role in @($roles[0]))",
        "the end does not assert that $mailboxinside is granted",
    ),
    mutation(
        "access-policy.ps1",
        "Assert-PolicyAnswer -AppId $AppId -Mailbox $MailboxInside",
        "if ($AllowNewPolicy) { 'done' }\n# Assert-PolicyAnswer -AppId $AppId -Mailbox $MailboxInside",
        "the end does not assert that $mailboxinside is granted",
    ),
    mutation(
        "access-policy.ps1",
        "# The test: both answers.",
        "if ($AllowNewPolicy) { return }\n# The test: both answers.",
        "may end the script before its test",
    ),
    mutation(
        "common.ps1",
        "throw \"${Mailbox}: expected",
        "Write-Warning \"${Mailbox}: expected",
        "Assert-PolicyAnswer does not test, or does not fail",
    ),
    mutation(
        "common.ps1",
        "        $answers = @(Test-ServicePrincipalAuthorization -Identity \"$($Application.AppId)\" \
         -Resource $Mailbox)",
        "        $answers = @(Get-Date)",
        "Assert-RoleAnswer does not test, or does not fail",
    ),
    // How they run.
    mutation(
        "rbac-group.ps1",
        "Set-StrictMode -Version Latest\n",
        "",
        "does not begin with Set-StrictMode -Version Latest",
    ),
    mutation(
        "access-policy.ps1",
        "$ErrorActionPreference = 'Stop'",
        "$ErrorActionPreference = 'Continue'",
        "does not begin with $ErrorActionPreference = 'Stop'",
    ),
    mutation(
        "common.ps1",
        "elseif ($PSCmdlet.ShouldProcess($Application.DisplayName, 'Create the service principal in \
         Exchange Online'))",
        "else",
        "New-ServicePrincipal: changes something under -WhatIf too",
    ),
    mutation(
        "rbac-admin-unit.ps1",
        "$users -notcontains $userId -and $PSCmdlet",
        "$users -notcontains $userId -or $PSCmdlet",
        "New-MgDirectoryAdministrativeUnitMemberByRef: changes something under -WhatIf too",
    ),
    mutation(
        "rbac-group.ps1",
        "    Assert-NoPlaceholder -Name $given.Key -Value $given.Value\n",
        "",
        "does not refuse placeholders in all parameters",
    ),
    mutation(
        "rbac-group.ps1",
        "[Parameter(Mandatory)] [string] $MailboxOutside",
        "[string] $MailboxOutside",
        "-mailboxoutside is not mandatory",
    ),
    mutation(
        "rbac-group.ps1",
        "#Requires -Modules @{ ModuleName = 'Microsoft.Graph.Applications'; ModuleVersion = '2.25.0' }\n",
        "",
        "#Requires and use differ in module Microsoft.Graph.Applications",
    ),
    mutation(
        "rbac-group.ps1",
        ".PARAMETER Capture",
        ".PARAMETER Captured",
        "help and parameters differ in -capture",
    ),
    mutation(
        "rbac-group.ps1",
        "Register-Application -Application $application\n",
        "try { Register-Application -Application $application } catch { 'later' }\n",
        "an error that is caught here",
    ),
    mutation(
        "common.ps1",
        "run Remove-ServicePrincipal -Identity",
        "run Remove-ServicePrincipals -Identity",
        "Remove-ServicePrincipals is not in the list",
    ),
];

#[test]
fn the_scripts_for_the_administrator_use_what_their_modules_offer_and_assert_both_answers() {
    assert_eq!(problems(&root().join("scripts/entra")), [""; 0]);
}

#[test]
fn defects_in_the_scripts_for_the_administrator_are_found() {
    let original = root().join("scripts/entra");
    let names: Vec<_> = files_below(&original)
        .into_iter()
        .filter(|file| file.extension().is_some_and(|kind| kind == "ps1"))
        .collect();
    let mut missed = Vec::new();
    for mutation in MUTATIONS {
        let folder = tempfile::tempdir().unwrap();
        for file in &names {
            fs::copy(file, folder.path().join(file.file_name().unwrap())).unwrap();
        }
        let changed = folder.path().join(mutation.script);
        let text = fs::read_to_string(&changed).unwrap();
        // From the last place on: the end of a script is what most defects are about.
        let place = text.rfind(mutation.from);
        let place = place.unwrap_or_else(|| panic!("{}: {}", mutation.script, mutation.from));
        let rest = &text[place + mutation.from.len()..];
        fs::write(&changed, format!("{}{}{rest}", &text[..place], mutation.to)).unwrap();
        let found = problems(folder.path());
        if !found.iter().any(|problem| problem.contains(mutation.found)) {
            missed.push(format!("{} -> {}: {found:#?}", mutation.from, mutation.to));
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

#[test]
fn every_script_for_the_administrator_is_explained_with_all_its_parameters() {
    let folder = root().join("scripts/entra");
    let text = fs::read_to_string(folder.join("README.md")).unwrap();
    let mut names = BTreeSet::new();
    for file in files_below(&folder) {
        let name = file.file_name().unwrap().to_str().unwrap().to_owned();
        if name == "README.md" {
            continue;
        }
        assert!(text.contains(&format!("`{name}`")), "{name}");
        let script = fs::read_to_string(&file).unwrap();
        let explained = script
            .lines()
            .filter_map(|line| line.strip_prefix(".PARAMETER "));
        names.extend(explained.map(str::to_owned));
    }
    assert!(names.len() >= 10, "{names:?}");
    for name in names {
        assert!(
            text.contains(&format!("`-{name}`")),
            "{name} is not explained"
        );
    }
}
