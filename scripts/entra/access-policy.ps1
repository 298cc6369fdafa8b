#Requires -Version 7.2
#Requires -Modules @{ ModuleName = 'Microsoft.Graph.Authentication'; ModuleVersion = '2.25.0' }
#Requires -Modules @{ ModuleName = 'Microsoft.Graph.Applications'; ModuleVersion = '2.25.0' }
#Requires -Modules @{ ModuleName = 'ExchangeOnlineManagement'; ModuleVersion = '3.7.2' }

<#
.SYNOPSIS
Restricts an application to the mailboxes of one group by an application access policy, the older way.

.DESCRIPTION
For tenants that have such policies already. Microsoft replaces them by RBAC for Applications and asks for
no new ones: use rbac-group.ps1 or rbac-admin-unit.ps1 unless there is a reason against it. A policy for an
application that has none is created only with -AllowNewPolicy.

Creates what is missing of: the mail-enabled security group, its members, and the policy with the access
right RestrictAccess. Then it tests a mailbox inside and one outside of the group, and fails on a wrong
answer. It can be run again, and changes only what differs.

Here the grants in Entra are needed: a policy restricts them, and nothing else. Create the policy first, and
give admin consent to the permissions for mailboxes afterwards. Roles by RBAC for Applications are not
restricted by a policy and add up with what it allows: the script refuses to continue where it finds one.
Members of nested groups are in the scope of a policy.

.PARAMETER TenantId
Directory (tenant) ID. The script refuses to work in another tenant.

.PARAMETER AppId
Application (client) ID of touchpoint's app registration.

.PARAMETER GroupAddress
Primary address of the mail-enabled security group, which is the scope of touchpoint's configuration too.

.PARAMETER MailboxInside
Address of a mailbox that the application must be able to read: a member of the group.

.PARAMETER MailboxOutside
Address of a mailbox that the application must not be able to read.

.PARAMETER Members
Addresses of mailboxes to add to the group. No one is removed.

.PARAMETER GroupName
Name of the group, if it is created.

.PARAMETER Capture
What touchpoint reads: MailAndCalendar, Mail or Calendar.

.PARAMETER MailPermission
Mail.Read, or Mail.ReadBasic for content = "envelope": no text, no preview, and sensitivity is unknown.

.PARAMETER AllowNewPolicy
Creates a policy although the application has none.

.PARAMETER WaitMinutes
How long the test waits for the expected answer.

.PARAMETER Cloud
Global (also GCC), USGov (GCC High) or USGovDoD.

.EXAMPLE
./access-policy.ps1 -TenantId $tenant -AppId $app -GroupAddress $group -MailboxInside $inside -MailboxOutside $outside -WhatIf

Shows what would be created, and changes nothing.

.LINK
https://learn.microsoft.com/powershell/module/exchangepowershell/new-applicationaccesspolicy
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
    [ValidateSet('MailAndCalendar', 'Mail', 'Calendar')] [string] $Capture = 'MailAndCalendar',
    [ValidateSet('Mail.Read', 'Mail.ReadBasic')] [string] $MailPermission = 'Mail.Read',
    [switch] $AllowNewPolicy,
    [ValidateRange(0, 180)] [int] $WaitMinutes = 15,
    [ValidateSet('Global', 'USGov', 'USGovDoD')] [string] $Cloud = 'Global'
)
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
. (Join-Path $PSScriptRoot 'common.ps1')

foreach ($given in $PSBoundParameters.GetEnumerator()) {
    Assert-NoPlaceholder -Name $given.Key -Value $given.Value
}
Write-Warning 'Microsoft replaces application access policies by RBAC for Applications and asks for no new ones.'
Connect-Tenant -TenantId $TenantId -Cloud $Cloud -Scopes @('Application.Read.All')
$application = Get-EnterpriseApplication -AppId $AppId

# No policy restricts what RBAC for Applications grants.
$assignments = @(Get-ApplicationAssignment -Application $application)
if ($assignments.Count -gt 0) {
    $names = @($assignments | ForEach-Object { "$($_.Role) for '$($_.Scope)'" }) -join ', '
    throw "The application has $names by RBAC for Applications, which no policy restricts. Nothing was changed. Stay with those roles (rbac-group.ps1), or remove them with Remove-ManagementRoleAssignment."
}
$policies = @(Get-ApplicationAccessPolicy | Where-Object { "$($_.AppId)" -eq "$AppId" })
if ($policies.Count -eq 0 -and -not $AllowNewPolicy) {
    throw 'The application has no access policy. Nothing was changed. Use rbac-group.ps1 or rbac-admin-unit.ps1; with -AllowNewPolicy a policy is created all the same.'
}

# The group, and who is in it. Members of nested groups count.
$group = Get-ScopeGroup -Address $GroupAddress -Name $GroupName
$known = @(Add-ScopeGroupMember -Group $group -Members $Members)
$nested = @($known | Where-Object { "$($_.RecipientTypeDetails)" -match 'Group$|^RoomList$|^GroupMailbox$' })
foreach ($inner in $nested) {
    Write-Host "$($inner.Name) is a group within the group: a policy includes its members. RBAC for Applications, should you change to it, sees direct members only."
}

# The policy. Several that restrict the same application add up.
$labels = @("$($group.Name)", "$($group.Guid)", "$($group.PrimarySmtpAddress)", (Get-PropertyText -From $group -Name 'DisplayName'))
$restricting = @($policies | Where-Object { "$($_.AccessRight)" -eq 'RestrictAccess' })
$others = @($restricting | Where-Object { $labels -notcontains "$($_.ScopeName)" })
if ($others.Count -gt 0) {
    $names = @($others | ForEach-Object { "'$($_.ScopeName)'" }) -join ', '
    throw "Another policy lets the application read the mailboxes of $names. Remove it with Remove-ApplicationAccessPolicy, or use that group."
}
if ($restricting.Count -gt 0) {
    Write-Host "Policy for ${GroupAddress}: exists"
}
elseif ($PSCmdlet.ShouldProcess($GroupAddress, 'Restrict the application to the members of this group')) {
    New-ApplicationAccessPolicy -AppId "$AppId" -PolicyScopeGroupId $GroupAddress -AccessRight RestrictAccess -Description 'touchpoint' | Out-Null
    Write-Host "Policy for ${GroupAddress}: created"
}

# What the policy restricts must be granted in Entra.
$granted = @(Get-TenantWideGrant -Application $application | ForEach-Object { $_.Permission })
foreach ($role in @(Get-WantedRole -Capture $Capture -MailPermission $MailPermission)) {
    $permission = $role -replace '^Application ', '' -replace '^Mail\.ReadBasic$', 'Mail.ReadBasic.All'
    if ($granted -notcontains $permission) {
        Write-Warning "Entra does not grant $permission yet: give admin consent to it once the test below has passed."
    }
}
foreach ($permission in @($granted | Where-Object { $_ -match 'Write|Send|^full_access_as_app$' })) {
    Write-Warning "Entra grants ${permission}, which touchpoint does not need: revoke it."
}

# The test: both answers. Requests of touchpoint may meet the former state for an hour or more. A policy
# knows no roles: its answer is the same for every permission.
Assert-PolicyAnswer -AppId $AppId -Mailbox $MailboxInside -Expected Granted -WaitMinutes $WaitMinutes
Assert-PolicyAnswer -AppId $AppId -Mailbox $MailboxOutside -Expected Denied -WaitMinutes $WaitMinutes
