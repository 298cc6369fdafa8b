//! Every kind of user in every kind of scope, and who belongs to the company.

use crate::config::capture::Meetings;
use crate::config::members::Members;
use crate::config::members::Settings;
use crate::config::tenant::Tenant;
use crate::model::address::Address;
use crate::model::directory::DirectoryUser;
use crate::model::mailbox::MailboxKind;
use crate::scope::company::Company;
use crate::scope::deny::DenyList;
use crate::scope::excluded::Excluded;
use crate::scope::own_addresses;
use crate::scope::plan;
use crate::scope::plan::OutReason;
use crate::scope::plan::PlanEntry;
use crate::scope::plan::ScopeError;
use crate::scope::plan::Verdict;
use crate::scope::plan::Wanted;

fn user(id: &str, mail: &str, proxies: &[&str]) -> DirectoryUser {
    DirectoryUser {
        id: id.into(),
        display_name: id.into(),
        mail: (!mail.is_empty()).then(|| mail.into()),
        user_principal_name: format!("{id}@contoso.onmicrosoft.com"),
        proxy_addresses: proxies.iter().map(|&proxy| proxy.to_owned()).collect(),
        user_type: Some("Member".into()),
        account_enabled: Some(true),
        is_synced: false,
    }
}

fn users() -> Vec<DirectoryUser> {
    let mut guest = user("guest", "Guest@partner.example", &[]);
    guest.user_type = Some("Guest".into());
    let mut old_guest = user("oldguest", "old@partner.example", &[]);
    old_guest.user_type = None;
    old_guest.user_principal_name = "old_partner.example#EXT#@contoso.onmicrosoft.com".into();
    let mut old = user("old", "old@contoso.com", &[]);
    old.user_type = None;
    let mut room = user("room", "room@contoso.com", &[]);
    room.account_enabled = Some(false);
    let mut bare = user("bare", "", &[]);
    bare.user_principal_name = String::new();
    bare.user_type = None;
    vec![
        user(
            "zoe",
            "",
            &[
                "smtp:zoe.alias@contoso.com",
                "SMTP:Zoe@contoso.com",
                "SIP:zoe@voice",
            ],
        ),
        user(
            "ann",
            "Ann@contoso.com",
            &["X500:/o=Contoso/cn=Ann", "smtp:ann.private@gmail.com"],
        ),
        user("never", "never@contoso.com", &[]),
        user("nomail", "", &["SIP:x@y", "X500:/o=Contoso/cn=nomail"]),
        guest,
        old_guest,
        old,
        room,
        bare,
    ]
}

/// What a tenant without restrictions captures.
const ALL: Settings = Settings {
    mail: true,
    meetings: Meetings::All,
    never: false,
    meetings_need_seat: false,
};

/// Members as the files of a tenant say: Ann has a further address, no mail, and only meetings
/// that are held online; `never` is never.
fn members() -> Members {
    members_of(
        "address,other_addresses,mail,meetings,never\n\
         ann@contoso.com,ann@old.example,off,recorded,\nnever@contoso.com,,,,yes\n",
    )
}

fn members_of(rows: &str) -> Members {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("members.csv");
    std::fs::write(&path, rows).unwrap();
    let text = "name = 'contoso'\ntenant_id = 'contoso.com'\nclient_id = 'x'\n\
                client_secret = { env = 'X' }\nscope = { all = true }\nmembers = 'm'\n";
    let mut tenant: Tenant = toml::from_str(text).unwrap();
    tenant.members = Some(path);
    Members::load(&tenant).unwrap()
}

fn plan(
    users: &[DirectoryUser],
    wanted: Wanted<'_>,
    members: &Members,
    tenant: Settings,
) -> Result<Vec<PlanEntry>, ScopeError> {
    plan::plan(users, wanted, &DenyList::default(), members, tenant)
}

fn reason(entries: &[PlanEntry], id: &str) -> Option<OutReason> {
    match entries
        .iter()
        .find(|entry| entry.user_id == id)
        .unwrap()
        .verdict
    {
        Verdict::In => None,
        Verdict::Out { reason } => Some(reason),
    }
}

#[test]
fn of_several_mailboxes_of_a_person_the_first_of_their_row_is_read() {
    let members = members_of("address,other_addresses\nann@contoso.com,old@contoso.com\n");
    let all = plan(&users(), Wanted::All, &members, ALL).unwrap();
    assert_eq!(reason(&all, "ann"), None);
    assert_eq!(reason(&all, "old"), Some(OutReason::FurtherMailbox));
    // An alias makes no second mailbox, and where the first is not in scope the other one is read.
    let old = [address("old@contoso.com")];
    let one = plan(&users(), Wanted::People(&old), &members, ALL).unwrap();
    assert_eq!(reason(&one, "old"), None);
    let ann = [address("ann@contoso.com"), address("ann.private@gmail.com")];
    let one = plan(&users(), Wanted::People(&ann), &members, ALL).unwrap();
    let read = one.iter().filter(|entry| entry.verdict == Verdict::In);
    assert_eq!(read.count(), 1);
}

fn address(text: &str) -> Address {
    Address::parse(text).unwrap()
}

#[test]
fn everybody_is_in_or_out_for_a_reason() {
    let entries = plan(&users(), Wanted::All, &members(), ALL).unwrap();
    for (id, expected) in [
        ("zoe", None),
        ("ann", None),
        ("old", None),
        ("room", None),
        ("never", Some(OutReason::Never)),
        ("nomail", Some(OutReason::NoAddress)),
        ("guest", Some(OutReason::Guest)),
        ("oldguest", Some(OutReason::Guest)),
        ("bare", Some(OutReason::LimitedInformation)),
    ] {
        assert_eq!(reason(&entries, id), expected, "{id}");
    }
    let ann = entries.iter().find(|entry| entry.user_id == "ann").unwrap();
    assert!(!ann.captures_mail);
    assert_eq!(ann.captures_meetings, Meetings::Recorded);
    let mailbox = ann.mailbox(MailboxKind::User, &"contoso".into());
    let own: Vec<&str> = mailbox.own_addresses.iter().map(Address::as_str).collect();
    assert_eq!(
        own,
        [
            "ann@contoso.com",
            "ann.private@gmail.com",
            "ann@old.example"
        ]
    );
    assert_eq!(
        (&*mailbox.id, &*mailbox.address),
        ("ann", "ann@contoso.com")
    );
}

#[test]
fn the_plan_is_independent_of_listing_order() {
    let mut reversed = users();
    reversed.reverse();
    let people = [
        address("gone@contoso.com"),
        address("ann@contoso.com"),
        address("a@x.org"),
    ];
    for wanted in [Wanted::All, Wanted::People(&people)] {
        let entries = plan(&users(), wanted, &members(), ALL).unwrap();
        assert_eq!(plan(&reversed, wanted, &members(), ALL).unwrap(), entries);
        assert!(entries.is_sorted_by(|a, b| a.address <= b.address));
    }
}

#[test]
fn a_list_matches_mail_principal_name_and_proxy_addresses() {
    for (listed, id) in [
        ("ANN@contoso.com", "ann"),
        ("zoe.alias@Contoso.com", "zoe"),
        ("old@contoso.onmicrosoft.com", "old"),
    ] {
        let people = [address(listed), address("gone@contoso.com")];
        let entries = plan(&users(), Wanted::People(&people), &members(), ALL).unwrap();
        let is_in = |entry: &&PlanEntry| entry.verdict == Verdict::In;
        let found: Vec<&str> = entries
            .iter()
            .filter(is_in)
            .map(|e| e.user_id.as_str())
            .collect();
        assert_eq!(found, [id], "{listed}");
        let gone = entries
            .iter()
            .find(|entry| entry.address == "gone@contoso.com")
            .unwrap();
        let reason = OutReason::NotInDirectory;
        assert_eq!(gone.verdict, Verdict::Out { reason });
    }
}

#[test]
fn a_group_selects_members_and_names_unlisted_ones() {
    let ids = ["ann".to_owned(), "guest".to_owned(), "unlisted".to_owned()];
    let entries = plan(&users(), Wanted::Members(&ids), &members(), ALL).unwrap();
    assert_eq!(reason(&entries, "ann"), None);
    assert_eq!(reason(&entries, "zoe"), Some(OutReason::NotInScope));
    assert_eq!(reason(&entries, "guest"), Some(OutReason::Guest));
    assert_eq!(
        reason(&entries, "unlisted"),
        Some(OutReason::NotInDirectory)
    );
}

#[test]
fn an_empty_scope_is_an_error() {
    let members = members();
    assert_eq!(
        plan(&[], Wanted::All, &members, ALL),
        Err(ScopeError::EmptyDirectory)
    );
    assert_eq!(
        plan(&users(), Wanted::Members(&[]), &members, ALL),
        Err(ScopeError::EmptyGroup)
    );
    let ids = ["guest".to_owned(), "never".to_owned()];
    let error = plan(&users(), Wanted::Members(&ids), &members, ALL)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("1 guest") && error.contains("1 never is set"),
        "{error}"
    );
}

#[test]
fn the_primary_address_is_the_marked_proxy_then_mail() {
    let primary = |user: &DirectoryUser| own_addresses::primary(user).map(|a| a.to_string());
    let both = user(
        "x",
        "mail@contoso.com",
        &["smtp:a@contoso.com", "SMTP:B@contoso.com"],
    );
    assert_eq!(primary(&both).as_deref(), Some("b@contoso.com"));
    let mail = user("x", "Mail@contoso.com", &["smtp:a@contoso.com"]);
    assert_eq!(primary(&mail).as_deref(), Some("mail@contoso.com"));
    assert_eq!(
        primary(&user("x", "", &["smtp:a@contoso.com"])).as_deref(),
        Some("a@contoso.com")
    );
    assert_eq!(primary(&user("x", "", &[])), None);
}

#[test]
fn the_company_is_its_domains_people_and_legacy_names() {
    let mut company = Company::default();
    company.add_tenant(Some(vec!["Contoso.com".into()]), &users(), &members());
    company.add_archive(
        &["old-name.example".into()],
        &[address("list@elsewhere.example")],
    );
    let directory = company.into_directory();
    for (text, internal) in [
        ("anybody@contoso.com", true),
        ("anybody@eu.contoso.com", true),
        ("x@old-name.example", true),
        ("list@elsewhere.example", true),
        ("ann@old.example", true),
        ("bob@old.example", false),
        ("ann.private@gmail.com", false),
        ("guest@partner.example", false),
    ] {
        assert_eq!(directory.is_internal(&address(text)), internal, "{text}");
    }
    let legacy = directory.legacy_names.get("/o=contoso/cn=ann");
    assert_eq!(legacy.map(Address::as_str), Some("ann@contoso.com"));
    assert!(directory.is_own_legacy_name("/o=contoso/cn=gone"));
    let guest = address("old_partner.example#EXT#@contoso.onmicrosoft.com");
    assert_eq!(directory.at_home(guest).as_str(), "old@partner.example");
}

#[test]
fn the_deny_list_takes_people_out_of_any_scope() {
    let people = [
        "ann@old.example",
        "ZOE@contoso.onmicrosoft.com",
        "x@y.example",
    ];
    let people = people.map(|address| Address::parse(address).unwrap());
    let deny = DenyList::new(&people, vec!["room".to_owned()]);
    let entries = plan::plan(&users(), Wanted::All, &deny, &members(), ALL).unwrap();
    for id in ["ann", "zoe", "room"] {
        assert_eq!(reason(&entries, id), Some(OutReason::DenyList), "{id}");
    }
    assert_eq!(reason(&entries, "old"), None);
    let known = plan::known_addresses(&entries, &users());
    assert_eq!(deny.unknown_people(&known), 1);

    let excluded = Excluded::of(&entries);
    assert_eq!(excluded.reason("ann"), Some(OutReason::DenyList));
    assert_eq!(excluded.reason("never"), Some(OutReason::Never));
    assert_eq!(excluded.reason("guest").or(excluded.reason("old")), None);
}

#[test]
fn a_person_whom_two_rows_name_is_refused_with_their_lines() {
    let rows = "address,mail\nzoe.alias@contoso.com,off\nann@contoso.com,\nzoe@contoso.com,on\n";
    let error = plan(&users(), Wanted::All, &members_of(rows), ALL).unwrap_err();
    let error = error.to_string();
    assert!(
        error.contains("members.csv:4: ") && error.contains("line 2"),
        "{error}"
    );
    assert!(!error.contains('@'), "{error}");
}
