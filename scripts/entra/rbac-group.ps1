#Requires -Version 7.2
#Requires -Modules @{ ModuleName = 'Microsoft.Graph.Authentication'; ModuleVersion = '2.25.0' }
#Requires -Modules @{ ModuleName = 'Microsoft.Graph.Applications'; ModuleVersion = '2.25.0' }
#Requires -Modules @{ ModuleName = 'ExchangeOnlineManagement'; ModuleVersion = '3.7.2' }

<#
.SYNOPSIS
Lets an application read the mailboxes of one group and no others, by RBAC for Applications.

.DESCRIPTION
Creates what is missing of: the mail-enabled security group, its members, the application's service
principal in Exchange Online, a management scope for the members of the group, and one role assignment
for each role. Then it tests a mailbox inside and one outside of the scope for every role, and fails on a
wrong answer. It can be run again, and changes only what differs.

The scope sees DIRECT members only: who is in a group within the group is not in scope.

What Entra grants the same application for mailboxes is tenant-wide and adds to these roles. The script
refuses to continue where it finds such a grant, unless -RemoveTenantWideConsent tells it to revoke it.

.PARAMETER TenantId
Directory (tenant) ID. The script refuses to work in another tenant.

.PARAMETER AppId
Application (client) ID of touchpoint's app registration.

.PARAMETER GroupAddress
Primary address of the mail-enabled security group, which is the scope of touchpoint's configuration too.

.PARAMETER MailboxInside
Address of a mailbox that the application must be able to read: a direct member of the group.

.PARAMETER MailboxOutside
Address of a mailbox that the application must not be able to read.

.PARAMETER Members
Addresses of mailboxes to add to the group. No one is removed.

.PARAMETER GroupName
Name of the group, if it is created.

.PARAMETER ScopeName
Name of the management scope.

.PARAMETER Capture
What touchpoint reads: MailAndCalendar, Mail or Calendar.

.PARAMETER MailPermission
Mail.Read, or Mail.ReadBasic for content = "envelope": no text, no preview, and sensitivity is unknown.

.PARAMETER RemoveTenantWideConsent
Revokes what Entra grants the application for all mailboxes, once the roles are assigned.

.PARAMETER RemoveOtherAssignments
Removes other application roles and scopes of this application in Exchange Online.

.PARAMETER WaitMinutes
How long the test waits for the expected answer.

.PARAMETER Cloud
Global (also GCC), USGov (GCC High) or USGovDoD.

.EXAMPLE
./rbac-group.ps1 -TenantId $tenant -AppId $app -GroupAddress $group -MailboxInside $inside -MailboxOutside $outside -WhatIf

Shows what would be created, and changes nothing.

.LINK
https://learn.microsoft.com/exchange/permissions-exo/application-rbac
#>
[CmdletBinding(SupportsShouldProcess)]
param(
    [Parameter(Mandatory)] [guid] $TenantId,
    [Parameter(Mandatory)] [guid] $AppId,
    [Parameter(Mandatory)] [string] $GroupAddress,
    [Parameter(Mandatory)] [string] $MailboxInside,
    [Parameter(Mandatory)] [string] $MailboxOutside,
    [string[]] $Members = @(),
    [ValidateLength(1, 64)] [string] $GroupName = 'touchpoint mailboxes',
    [ValidatePattern('^[\w .-]{1,64}$')] [string] $ScopeName = 'touchpoint mailboxes',
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
$scopes = @('Application.Read.All')
if ($RemoveTenantWideConsent) {
    $scopes += 'AppRoleAssignment.ReadWrite.All'
}
Connect-Tenant -TenantId $TenantId -Cloud $Cloud -Scopes $scopes
$application = Get-EnterpriseApplication -AppId $AppId
Assert-NoTenantWideGrant -Application $application -WillBeRemoved:$RemoveTenantWideConsent

# The group, and who is in it.
$group = Get-ScopeGroup -Address $GroupAddress -Name $GroupName
$known = @(Add-ScopeGroupMember -Group $group -Members $Members)
$nested = @($known | Where-Object { "$($_.RecipientTypeDetails)" -match 'Group$|^RoomList$|^GroupMailbox$' })
Write-Host 'Scopes of RBAC for Applications see direct members of the group only.'
foreach ($inner in $nested) {
    Write-Warning "$($inner.Name) is a group within the group: its members are NOT in scope. Add them to $GroupAddress directly."
}

# The management scope.
$distinguishedName = $group.DistinguishedName -replace "'", "''"
$filter = "MemberOfGroup -eq '$distinguishedName'"
$found = @(Get-ManagementScope | Where-Object { "$($_.Name)" -eq $ScopeName })
# Exchange Online may store a filter with other spaces and parentheses.
$current = @($found | ForEach-Object { "$($_.RecipientFilter)" -replace '[\s(){}]', '' })
if ($found.Count -eq 0) {
    if ($PSCmdlet.ShouldProcess($ScopeName, "Create the management scope $filter")) {
        New-ManagementScope -Name $ScopeName -RecipientRestrictionFilter $filter | Out-Null
        Write-Host "Management scope '$ScopeName': created"
    }
}
elseif ($current[0] -eq ($filter -replace '[\s(){}]', '')) {
    Write-Host "Management scope '$ScopeName': exists"
}
elseif ($PSCmdlet.ShouldProcess($ScopeName, "Change the management scope to $filter")) {
    Set-ManagementScope -Identity $ScopeName -RecipientRestrictionFilter $filter
    Write-Host "Management scope '$ScopeName': changed to the members of $GroupAddress"
}

# The application and its roles.
Register-Application -Application $application
Remove-OtherAssignment -Application $application -Roles $roles -Scope $ScopeName -Remove:$RemoveOtherAssignments
foreach ($role in @(Get-MissingRole -Application $application -Roles $roles -Scope $ScopeName)) {
    if ($PSCmdlet.ShouldProcess($role, "Assign to the application for '$ScopeName'")) {
        New-ManagementRoleAssignment -App $application.Id -Role $role -CustomResourceScope $ScopeName | Out-Null
        Write-Host "$role for '$ScopeName': assigned"
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
