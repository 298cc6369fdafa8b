#Requires -Version 7.2
#Requires -Modules @{ ModuleName = 'Microsoft.Graph.Authentication'; ModuleVersion = '2.25.0' }
#Requires -Modules @{ ModuleName = 'Microsoft.Graph.Applications'; ModuleVersion = '2.25.0' }
#Requires -Modules @{ ModuleName = 'Microsoft.Graph.Identity.DirectoryManagement'; ModuleVersion = '2.25.0' }
#Requires -Modules @{ ModuleName = 'ExchangeOnlineManagement'; ModuleVersion = '3.7.2' }

<#
.SYNOPSIS
Lets an application read the mailboxes of one administrative unit and no others, by RBAC for Applications.

.DESCRIPTION
Creates what is missing of: the administrative unit, its members, the application's service principal in
Exchange Online, and one role assignment for each role with the unit as its scope. Then it tests a mailbox
inside and one outside of the unit for every role, and fails on a wrong answer. It can be run again, and
changes only what differs.

Only users that are DIRECTLY in the unit are in scope: a group in the unit brings in the group, not its
members. Administrative units need Microsoft Entra ID P1 or P2.

What Entra grants the same application for mailboxes is tenant-wide and adds to these roles. The script
refuses to continue where it finds such a grant, unless -RemoveTenantWideConsent tells it to revoke it.

.PARAMETER TenantId
Directory (tenant) ID. The script refuses to work in another tenant.

.PARAMETER AppId
Application (client) ID of touchpoint's app registration.

.PARAMETER AdministrativeUnit
Display name of the administrative unit, which is the scope of touchpoint's configuration too.

.PARAMETER MailboxInside
Address of a mailbox that the application must be able to read: of a user directly in the unit.

.PARAMETER MailboxOutside
Address of a mailbox that the application must not be able to read.

.PARAMETER Members
Addresses of mailboxes whose users are added to the unit. No one is removed.

.PARAMETER Capture
What touchpoint reads: MailAndCalendar, Mail or Calendar.

.PARAMETER MailPermission
Mail.Read, or Mail.ReadBasic for content = "envelope": no text, no preview, and sensitivity is unknown.

.PARAMETER RemoveTenantWideConsent
Revokes what Entra grants the application for all mailboxes, once the roles are assigned.

.PARAMETER RemoveOtherAssignments
Removes other application roles and scopes of this application in Exchange Online.

.PARAMETER WaitMinutes
How long the script waits for Exchange Online to see a new unit, and the test for the expected answer.

.PARAMETER Cloud
Global (also GCC), USGov (GCC High) or USGovDoD.

.EXAMPLE
./rbac-admin-unit.ps1 -TenantId $tenant -AppId $app -AdministrativeUnit $unit -MailboxInside $inside -MailboxOutside $outside -WhatIf

Shows what would be created, and changes nothing.

.LINK
https://learn.microsoft.com/exchange/permissions-exo/application-rbac
#>
[CmdletBinding(SupportsShouldProcess)]
param(
    [Parameter(Mandatory)] [guid] $TenantId,
    [Parameter(Mandatory)] [guid] $AppId,
    [Parameter(Mandatory)] [ValidateLength(1, 256)] [string] $AdministrativeUnit,
    [Parameter(Mandatory)] [string] $MailboxInside,
    [Parameter(Mandatory)] [string] $MailboxOutside,
    [string[]] $Members = @(),
    [ValidateSet('MailAndCalendar', 'Mail', 'Calendar')] [string] $Capture = 'MailAndCalendar',
    [ValidateSet('Mail.Read', 'Mail.ReadBasic')] [string] $MailPermission = 'Mail.Read',
    [switch] $RemoveTenantWideConsent,
    [switch] $RemoveOtherAssignments,
    [ValidateRange(0, 180)] [int] $WaitMinutes = 15,
    [ValidateSet('Global', 'USGov', 'USGovDoD')] [string] $Cloud = 'Global'
)
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
. (Join-Path $PSScriptRoot 'common.ps1')

foreach ($given in $PSBoundParameters.GetEnumerator()) {
    Assert-NoPlaceholder -Name $given.Key -Value $given.Value
}
$roles = @(Get-WantedRole -Capture $Capture -MailPermission $MailPermission)
$scopes = @('Application.Read.All', 'AdministrativeUnit.ReadWrite.All')
if ($RemoveTenantWideConsent) {
    $scopes += 'AppRoleAssignment.ReadWrite.All'
}
Connect-Tenant -TenantId $TenantId -Cloud $Cloud -Scopes $scopes
$application = Get-EnterpriseApplication -AppId $AppId
Assert-NoTenantWideGrant -Application $application -WillBeRemoved:$RemoveTenantWideConsent

# The administrative unit.
$literal = $AdministrativeUnit -replace "'", "''"
$units = @(Get-MgDirectoryAdministrativeUnit -Filter "displayName eq '$literal'" -All)
if ($units.Count -gt 1) {
    throw "$($units.Count) administrative units are named '$AdministrativeUnit': rename all but one."
}
$unitId = ''
if ($units.Count -eq 1) {
    $unitId = $units[0].Id
    Write-Host "Administrative unit '$AdministrativeUnit': exists, id $unitId"
}
elseif ($PSCmdlet.ShouldProcess($AdministrativeUnit, 'Create the administrative unit')) {
    $unitId = (New-MgDirectoryAdministrativeUnit -DisplayName $AdministrativeUnit -Description 'Mailboxes that touchpoint may read').Id
    Write-Host "Administrative unit '$AdministrativeUnit': created, id $unitId"
}

# Its members. The unit of -WhatIf may not exist yet.
$hosts = @{ Global = 'graph.microsoft.com'; USGov = 'graph.microsoft.us'; USGovDoD = 'dod-graph.microsoft.us' }
$users = @()
$groups = @()
if ($unitId -ne '') {
    $users = @(Get-MgDirectoryAdministrativeUnitMemberAsUser -AdministrativeUnitId $unitId -All | ForEach-Object { $_.Id })
    $groups = @(Get-MgDirectoryAdministrativeUnitMemberAsGroup -AdministrativeUnitId $unitId -All)
}
foreach ($member in $Members) {
    $userId = "$((Get-Mailbox -Identity $member).ExternalDirectoryObjectId)"
    if ($users -notcontains $userId -and $PSCmdlet.ShouldProcess($member, "Add to '$AdministrativeUnit'")) {
        New-MgDirectoryAdministrativeUnitMemberByRef -AdministrativeUnitId $unitId -OdataId "https://$($hosts[$Cloud])/v1.0/directoryObjects/$userId"
        Write-Host "${member}: added to the administrative unit"
    }
}
Write-Host 'Only users directly in the administrative unit are in scope.'
foreach ($inner in $groups) {
    Write-Warning "'$($inner.DisplayName)' is a group in the administrative unit: its members are NOT in scope. Add them to the unit directly."
}

# Exchange Online sees a new unit after some minutes.
$deadline = (Get-Date).AddMinutes($WaitMinutes)
while ($unitId -ne '' -and @(Get-AdministrativeUnit | Where-Object { "$($_.Name)" -eq $unitId }).Count -eq 0) {
    if ((Get-Date) -ge $deadline) {
        throw "Exchange Online does not see the administrative unit $unitId yet: run this again in an hour."
    }
    Write-Host 'Exchange Online does not see the administrative unit yet, trying again in 30 seconds'
    Start-Sleep -Seconds 30
}

# The application and its roles.
$scope = if ($unitId -eq '') { $AdministrativeUnit } else { $unitId }
Register-Application -Application $application
Remove-OtherAssignment -Application $application -Roles $roles -Scope $scope -Remove:$RemoveOtherAssignments
foreach ($role in @(Get-MissingRole -Application $application -Roles $roles -Scope $scope)) {
    if ($PSCmdlet.ShouldProcess($role, "Assign to the application for '$AdministrativeUnit'")) {
        New-ManagementRoleAssignment -App $application.Id -Role $role -RecipientAdministrativeUnitScope $unitId | Out-Null
        Write-Host "$role for '$AdministrativeUnit': assigned"
    }
}
if ($RemoveTenantWideConsent) {
    Remove-TenantWideGrant -Application $application
}

# The test: both answers, for every role. Requests of touchpoint may meet the former state for two hours.
foreach ($role in $roles) {
    Assert-RoleAnswer -Application $application -Role $role -Mailbox $MailboxInside -Expected Granted -WaitMinutes $WaitMinutes
    Assert-RoleAnswer -Application $application -Role $role -Mailbox $MailboxOutside -Expected Denied -WaitMinutes $WaitMinutes
}
