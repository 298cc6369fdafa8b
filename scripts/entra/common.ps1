# Functions that the scripts of this folder share. They load it with a dot; by itself it does nothing.
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

# Refuses a value that was left as documents print it.
function Assert-NoPlaceholder {
    param(
        [Parameter(Mandatory)] [string] $Name,
        [Parameter(Mandatory)] [AllowNull()] [AllowEmptyString()] [AllowEmptyCollection()] [object] $Value
    )
    $patterns = @(
        '^\s*$',
        '\.\.\.|\u2026',
        '[<>{}\[\]]',
        '^0{8}-(0{4}-){3}0{12}$',
        '(^|[@.])(contoso|fabrikam|example)\.',
        '\.(example|invalid|test)$',
        '\b(placeholder|change-?me|todo)\b',
        '\byour[-_ ]?(app|company|domain|group|tenant)'
    )
    $texts = @($Value | ForEach-Object { "$_" })
    if ($texts.Count -eq 0) {
        throw "-$Name is empty: give the value of this tenant."
    }
    foreach ($text in $texts) {
        foreach ($pattern in $patterns) {
            if ($text -match $pattern) {
                throw "-$Name is '$text', which is empty or a placeholder: give the value of this tenant."
            }
        }
    }
}

# The text of a property, or '' where the object does not have it.
function Get-PropertyText {
    param(
        [Parameter(Mandatory)] [object] $From,
        [Parameter(Mandatory)] [string] $Name
    )
    $property = $From.PSObject.Properties[$Name]
    if ($null -eq $property) {
        return ''
    }
    return "$($property.Value)"
}

# Signs in to Microsoft Graph and Exchange Online, where this session is not signed in yet, and refuses to
# work in another tenant than the named one. Graph comes first, and Exchange without the account manager
# of Windows: in the other order the two modules exclude each other in one session.
function Connect-Tenant {
    param(
        [Parameter(Mandatory)] [guid] $TenantId,
        [Parameter(Mandatory)] [string] $Cloud,
        [Parameter(Mandatory)] [string[]] $Scopes
    )
    $context = Get-MgContext
    if ($null -ne $context -and "$($context.TenantId)" -ne "$TenantId") {
        throw "Microsoft Graph is signed in to tenant $($context.TenantId): run Disconnect-MgGraph first."
    }
    $missing = @($Scopes | Where-Object { $null -eq $context -or $context.Scopes -notcontains $_ })
    if ($missing.Count -gt 0) {
        Connect-MgGraph -TenantId "$TenantId" -Environment $Cloud -Scopes $Scopes -ContextScope Process -NoWelcome
        $context = Get-MgContext
    }
    if ($null -eq $context -or "$($context.TenantId)" -ne "$TenantId") {
        throw "The sign-in to Microsoft Graph was not for tenant $TenantId."
    }

    $environments = @{ Global = 'O365Default'; USGov = 'O365USGovGCCHigh'; USGovDoD = 'O365USGovDoD' }
    $open = @(Get-ConnectionInformation | Where-Object { "$($_.State)" -eq 'Connected' -and "$($_.IsEopSession)" -ne 'True' })
    if ($open.Count -eq 0) {
        Connect-ExchangeOnline -ExchangeEnvironmentName $environments[$Cloud] -DisableWAM -ShowBanner:$false
        $open = @(Get-ConnectionInformation | Where-Object { "$($_.State)" -eq 'Connected' -and "$($_.IsEopSession)" -ne 'True' })
    }
    $foreign = @($open | Where-Object { "$($_.TenantID)" -ne "$TenantId" })
    if ($open.Count -eq 0 -or $foreign.Count -gt 0) {
        throw "Exchange Online is not signed in to tenant $TenantId, or to another one too: run Disconnect-ExchangeOnline first."
    }
}

# The enterprise application (service principal) of an application. Its object id is what Exchange needs;
# that of the app registration is another one.
function Get-EnterpriseApplication {
    param([Parameter(Mandatory)] [guid] $AppId)
    $found = @(Get-MgServicePrincipal -Filter "appId eq '$AppId'" -Property @('Id', 'AppId', 'DisplayName'))
    if ($found.Count -ne 1) {
        throw "This tenant has no enterprise application for the application (client) ID ${AppId}: check the ID, and give admin consent to the application once, which creates it."
    }
    Write-Host "Enterprise application '$($found[0].DisplayName)': object id $($found[0].Id)"
    return $found[0]
}

# What Entra grants the application for all mailboxes of the tenant: permission and id of each grant.
function Get-TenantWideGrant {
    param([Parameter(Mandatory)] [object] $Application)
    # Microsoft Graph and Office 365 Exchange Online have these ids in every tenant.
    $resources = @('00000003-0000-0000-c000-000000000000', '00000002-0000-0ff1-ce00-000000000000')
    $permissions = @{}
    foreach ($resource in $resources) {
        foreach ($principal in @(Get-MgServicePrincipal -Filter "appId eq '$resource'" -Property @('Id', 'AppRoles'))) {
            foreach ($role in @($principal.AppRoles)) {
                $permissions["$($principal.Id) $($role.Id)"] = "$($role.Value)"
            }
        }
    }
    $assignments = @(Get-MgServicePrincipalAppRoleAssignment -ServicePrincipalId $Application.Id -All)
    foreach ($assignment in $assignments) {
        $permission = $permissions["$($assignment.ResourceId) $($assignment.AppRoleId)"]
        if ("$permission" -match '^(Mail|MailboxFolder|MailboxItem|MailboxSettings|Calendars|Contacts)\.|^full_access_as_app$') {
            [pscustomobject]@{ Permission = $permission; Id = $assignment.Id }
        }
    }
}

# Rights add up: what Entra grants for all mailboxes undoes every scope of Exchange.
function Assert-NoTenantWideGrant {
    param(
        [Parameter(Mandatory)] [object] $Application,
        [switch] $WillBeRemoved
    )
    $grants = @(Get-TenantWideGrant -Application $Application)
    if ($grants.Count -gt 0 -and -not $WillBeRemoved) {
        $names = $grants.Permission -join ', '
        throw "Entra grants the application $names for ALL mailboxes, and rights add up: a scope would restrict nothing. Nothing was changed. Run this again with -RemoveTenantWideConsent, or revoke these permissions in Entra."
    }
}

# Revokes what Entra grants for all mailboxes; permissions for the directory stay.
function Remove-TenantWideGrant {
    [CmdletBinding(SupportsShouldProcess)]
    param([Parameter(Mandatory)] [object] $Application)
    foreach ($grant in @(Get-TenantWideGrant -Application $Application)) {
        if ($PSCmdlet.ShouldProcess($grant.Permission, 'Revoke the tenant-wide grant in Entra')) {
            Remove-MgServicePrincipalAppRoleAssignment -ServicePrincipalId $Application.Id -AppRoleAssignmentId $grant.Id -Confirm:$false
            Write-Host "Tenant-wide grant of $($grant.Permission): revoked"
        }
    }
}

# Makes the application known to Exchange Online.
function Register-Application {
    [CmdletBinding(SupportsShouldProcess)]
    param([Parameter(Mandatory)] [object] $Application)
    if ("$((Get-OrganizationConfig).IsDehydrated)" -eq 'True') {
        throw 'This tenant does not admit changed roles yet: run Enable-OrganizationCustomization once in Exchange Online PowerShell, wait an hour, and run this again.'
    }
    # Without -Identity: with one that does not exist the cmdlet may return all of them.
    $known = @(Get-ServicePrincipal | Where-Object { "$($_.AppId)" -eq "$($Application.AppId)" })
    foreach ($principal in $known) {
        if ("$($principal.ObjectId)" -ne "$($Application.Id)") {
            throw "Exchange Online knows the application under the object id $($principal.ObjectId), which is not that of the enterprise application ($($Application.Id)): run Remove-ServicePrincipal -Identity $($principal.ObjectId), and this again."
        }
    }
    if ($known.Count -gt 0) {
        Write-Host 'Service principal in Exchange Online: exists'
    }
    elseif ($PSCmdlet.ShouldProcess($Application.DisplayName, 'Create the service principal in Exchange Online')) {
        New-ServicePrincipal -AppId $Application.AppId -ObjectId $Application.Id -DisplayName $Application.DisplayName | Out-Null
        Write-Host 'Service principal in Exchange Online: created'
    }
}

# The mail-enabled security group with an address; it is created where it does not exist.
function Get-ScopeGroup {
    [CmdletBinding(SupportsShouldProcess)]
    param(
        [Parameter(Mandatory)] [string] $Address,
        [Parameter(Mandatory)] [string] $Name
    )
    $literal = $Address -replace "'", "''"
    $found = @(Get-Recipient -Filter "PrimarySmtpAddress -eq '$literal'")
    if ($found.Count -gt 0 -and "$($found[0].RecipientTypeDetails)" -ne 'MailUniversalSecurityGroup') {
        throw "$Address is a $($found[0].RecipientTypeDetails), not a mail-enabled security group: give the address of one, or a new address."
    }
    if ($found.Count -gt 0) {
        Write-Host "Group ${Address}: exists"
        return Get-DistributionGroup -Identity $Address
    }
    if ($PSCmdlet.ShouldProcess($Address, 'Create the mail-enabled security group')) {
        $group = New-DistributionGroup -Name $Name -Type Security -PrimarySmtpAddress $Address -MemberJoinRestriction Closed -RequireSenderAuthenticationEnabled $true
        Write-Host "Group ${Address}: created"
        return $group
    }
    # What -WhatIf continues with.
    return [pscustomobject]@{ Name = $Name; DistinguishedName = "CN=$Name"; PrimarySmtpAddress = $Address; Guid = ''; IsNew = $true }
}

# Adds mailboxes to a group as direct members, and returns all of its members.
function Add-ScopeGroupMember {
    [CmdletBinding(SupportsShouldProcess)]
    param(
        [Parameter(Mandatory)] [object] $Group,
        [Parameter(Mandatory)] [AllowEmptyCollection()] [string[]] $Members
    )
    $known = @()
    if ((Get-PropertyText -From $Group -Name 'IsNew') -ne 'True') {
        $known = @(Get-DistributionGroupMember -Identity $Group.DistinguishedName -ResultSize Unlimited)
    }
    $addresses = @($known | ForEach-Object { Get-PropertyText -From $_ -Name 'PrimarySmtpAddress' })
    foreach ($member in $Members) {
        $mailbox = Get-Mailbox -Identity $member
        if ($addresses -contains "$($mailbox.PrimarySmtpAddress)") {
            continue
        }
        if ($PSCmdlet.ShouldProcess($member, "Add to $($Group.PrimarySmtpAddress)")) {
            Add-DistributionGroupMember -Identity $Group.DistinguishedName -Member $mailbox.DistinguishedName -BypassSecurityGroupManagerCheck
            Write-Host "${member}: added to the group"
        }
    }
    return $known
}

# The application's roles in Exchange Online: role, scope and identity of each assignment.
function Get-ApplicationAssignment {
    param([Parameter(Mandatory)] [object] $Application)
    $names = @("$($Application.Id)", "$($Application.AppId)", "$($Application.DisplayName)")
    $assignments = @(Get-ManagementRoleAssignment -Delegating $false | Where-Object { "$($_.Role)" -like 'Application *' })
    foreach ($assignment in $assignments) {
        $assignee = Get-PropertyText -From $assignment -Name 'RoleAssignee'
        $assigneeName = Get-PropertyText -From $assignment -Name 'RoleAssigneeName'
        if ($names -contains $assignee -or $names -contains $assigneeName) {
            # A name, or the id of an administrative unit; by itself or as a distinguished name or a path.
            $scope = Get-PropertyText -From $assignment -Name 'CustomResourceScope'
            $scope = $scope -replace '^CN=([^,]+),.*$', '$1' -replace '^.*[\\/]', ''
            [pscustomobject]@{ Role = "$($assignment.Role)"; Scope = $scope; Identity = "$($assignment.Identity)" }
        }
    }
}

# Removes the application's assignments of other roles or scopes, which would add to the wanted ones, or
# refuses to continue without -Remove.
function Remove-OtherAssignment {
    [CmdletBinding(SupportsShouldProcess)]
    param(
        [Parameter(Mandatory)] [object] $Application,
        [Parameter(Mandatory)] [string[]] $Roles,
        [Parameter(Mandatory)] [string] $Scope,
        [switch] $Remove
    )
    $assignments = @(Get-ApplicationAssignment -Application $Application)
    $others = @($assignments | Where-Object { $Roles -notcontains $_.Role -or $_.Scope -ne $Scope })
    if ($others.Count -gt 0 -and -not $Remove) {
        $names = @($others | ForEach-Object { "$($_.Role) for '$($_.Scope)'" }) -join ', '
        throw "The application also has $names, and rights add up. Run this again with -RemoveOtherAssignments, or remove them with Remove-ManagementRoleAssignment."
    }
    foreach ($other in $others) {
        if ($PSCmdlet.ShouldProcess("$($other.Role) for '$($other.Scope)'", 'Remove the role assignment')) {
            Remove-ManagementRoleAssignment -Identity $other.Identity -Confirm:$false
            Write-Host "$($other.Role) for '$($other.Scope)': removed"
        }
    }
}

# Those of the wanted roles that the application does not have for the scope.
function Get-MissingRole {
    param(
        [Parameter(Mandatory)] [object] $Application,
        [Parameter(Mandatory)] [string[]] $Roles,
        [Parameter(Mandatory)] [string] $Scope
    )
    $assignments = @(Get-ApplicationAssignment -Application $Application | Where-Object { $_.Scope -eq $Scope })
    $assigned = @($assignments | ForEach-Object { $_.Role })
    foreach ($role in $Roles) {
        if ($assigned -contains $role) {
            Write-Host "$role for '$Scope': exists"
        }
        else {
            $role
        }
    }
}

# The roles that touchpoint needs for what it is to read.
function Get-WantedRole {
    param(
        [Parameter(Mandatory)] [string] $Capture,
        [Parameter(Mandatory)] [string] $MailPermission
    )
    if ($Capture -ne 'Calendar') {
        "Application $MailPermission"
    }
    if ($Capture -ne 'Mail') {
        'Application Calendars.Read'
    }
    'Application MailboxSettings.Read'
}

# Tests what RBAC for Applications grants for one mailbox, and fails where it is not what is expected.
# The cmdlet reads the roles themselves, not the cache of up to two hours that requests meet; memberships
# take some minutes. For a mailbox outside no role of the application may reach it.
function Assert-RoleAnswer {
    param(
        [Parameter(Mandatory)] [object] $Application,
        [Parameter(Mandatory)] [string] $Role,
        [Parameter(Mandatory)] [string] $Mailbox,
        [Parameter(Mandatory)] [ValidateSet('Granted', 'Denied')] [string] $Expected,
        [Parameter(Mandatory)] [int] $WaitMinutes
    )
    if ($WhatIfPreference) {
        Write-Host "$Role, ${Mailbox}: not tested, since nothing was changed; $Expected is expected"
        return
    }
    $deadline = (Get-Date).AddMinutes($WaitMinutes)
    while ($true) {
        $answers = @(Test-ServicePrincipalAuthorization -Identity "$($Application.AppId)" -Resource $Mailbox)
        $ofRole = @($answers | Where-Object { "$($_.RoleName)" -eq $Role })
        $asked = @(if ($Expected -eq 'Denied') { $answers } else { $ofRole })
        $granted = @($asked | Where-Object { "$($_.InScope)" -eq 'True' })
        $refused = @($ofRole | Where-Object { "$($_.InScope)" -eq 'False' })
        $found = 'no answer'
        if ($granted.Count -gt 0) {
            $found = 'Granted'
        }
        elseif ($refused.Count -gt 0) {
            $found = 'Denied'
        }
        if ($found -eq $Expected) {
            Write-Host "$Role, ${Mailbox}: $found, as expected"
            return
        }
        if ((Get-Date) -ge $deadline) {
            $reach = @($granted | ForEach-Object { "$($_.RoleName) for '$($_.AllowedResourceScope)'" }) -join ', '
            throw "$Role, ${Mailbox}: expected $Expected, found $found $reach. The restriction does not work as intended: do not use the application until it does."
        }
        Write-Host "$Role, ${Mailbox}: still $found, trying again in 30 seconds"
        Start-Sleep -Seconds 30
    }
}

# Tests what application access policies say for one mailbox, and fails where it is not what is expected.
function Assert-PolicyAnswer {
    param(
        [Parameter(Mandatory)] [guid] $AppId,
        [Parameter(Mandatory)] [string] $Mailbox,
        [Parameter(Mandatory)] [ValidateSet('Granted', 'Denied')] [string] $Expected,
        [Parameter(Mandatory)] [int] $WaitMinutes
    )
    if ($WhatIfPreference) {
        Write-Host "${Mailbox}: not tested, since nothing was changed; $Expected is expected"
        return
    }
    $deadline = (Get-Date).AddMinutes($WaitMinutes)
    while ($true) {
        $answer = Test-ApplicationAccessPolicy -Identity $Mailbox -AppId "$AppId"
        $found = "$($answer.AccessCheckResult)"
        if ($found -eq $Expected) {
            Write-Host "${Mailbox}: $found, as expected"
            return
        }
        if ((Get-Date) -ge $deadline) {
            throw "${Mailbox}: expected $Expected, found '$found'. The policy does not work as intended: do not use the application until it does."
        }
        Write-Host "${Mailbox}: still '$found', trying again in 30 seconds"
        Start-Sleep -Seconds 30
    }
}
