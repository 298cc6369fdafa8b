"""Reads a simulated tenant with Microsoft's own SDK and prints counts as JSON: all folders, and one
whole round of each folder and of each calendar.

Usage: msgraph_round.py ADDRESS TENANT_ID CLIENT_ID SECRET_FILE [MAILBOXES]
Reads at most that many mailboxes (all by default).
Needs the packages in requirements.txt.
"""

import asyncio
import collections
import json
import sys
import time
import urllib.parse
import urllib.request

from azure.core.credentials import AccessToken
from kiota_authentication_azure.azure_identity_authentication_provider import (
    AzureIdentityAuthenticationProvider,
)
from msgraph import GraphRequestAdapter, GraphServiceClient
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph.generated.users.item.calendar_view.delta.delta_request_builder import (
    DeltaRequestBuilder,
)
from msgraph.generated.users.users_request_builder import UsersRequestBuilder

# Wider than the range of any calendar of the simulated tenants around its first day.
WINDOW = ("2025-03-02T00:00:00Z", "2027-03-02T00:00:00Z")


class StaticToken:
    """A credential that always gives the same token."""

    def __init__(self, token):
        self.token = token

    def get_token(self, *scopes, **options):
        return AccessToken(self.token, int(time.time()) + 3000)


def sign_in(address, tenant, client, secret):
    form = {
        "client_id": client,
        "client_secret": secret,
        "grant_type": "client_credentials",
        "scope": "https://graph.microsoft.com/.default",
    }
    url = f"{address}/{tenant}/oauth2/v2.0/token"
    with urllib.request.urlopen(url, urllib.parse.urlencode(form).encode()) as reply:
        return json.load(reply)["access_token"]


async def folders_of(user):
    """All folders, including nested ones."""
    found, waiting = [], [user.mail_folders]
    while waiting:
        builder = waiting.pop()
        page = await builder.get()
        while True:
            for folder in page.value:
                found.append(folder)
                if folder.child_folder_count:
                    waiting.append(user.mail_folders.by_mail_folder_id(folder.id).child_folders)
            if not page.odata_next_link:
                break
            page = await builder.with_url(page.odata_next_link).get()
    return found


async def round_of(user, folder):
    """One whole round of message delta: items, removals, and the delta link."""
    builder = user.mail_folders.by_mail_folder_id(folder.id).messages.delta
    page = await builder.get()
    ids, removed, pages = set(), 0, 0
    while True:
        pages += 1
        for item in page.value:
            if "@removed" in (item.additional_data or {}):
                removed += 1
            else:
                assert item.subject is not None and item.from_ is not None, item.id
                ids.add(item.id)
        if page.odata_delta_link:
            return len(ids), removed, pages
        assert page.odata_next_link, "neither a next link nor a delta link"
        page = await builder.with_url(page.odata_next_link).get()


async def calendar_round_of(user):
    """One whole round of calendarView delta: what was listed, by type, and the pages."""
    query = DeltaRequestBuilder.DeltaRequestBuilderGetQueryParameters(
        start_date_time=WINDOW[0], end_date_time=WINDOW[1]
    )
    config = DeltaRequestBuilder.DeltaRequestBuilderGetRequestConfiguration(query_parameters=query)
    builder = user.calendar_view.delta
    page = await builder.get(request_configuration=config)
    listed, masters, wanted = collections.Counter(), set(), set()
    while True:
        listed["pages"] += 1
        for event in page.value:
            listed["events"] += 1
            if "@removed" in (event.additional_data or {}):
                listed["removed"] += 1
                continue
            listed[event.type.value] += 1
            assert event.start.date_time and event.end.date_time, event.id
            if event.type.value == "seriesMaster":
                assert event.recurrence.pattern.type and event.i_cal_u_id, event.id
                masters.add(event.id)
            elif event.series_master_id:
                wanted.add(event.series_master_id)
            else:
                assert event.organizer.email_address.address and event.i_cal_u_id, event.id
        if page.odata_delta_link:
            assert wanted <= masters, "a series that did not come along"
            return listed
        assert page.odata_next_link, "neither a next link nor a delta link"
        page = await builder.with_url(page.odata_next_link).get()


async def main():
    address, tenant, client_id, secret_file = sys.argv[1:5]
    with open(secret_file, encoding="utf-8") as file:
        token = sign_in(address, tenant, client_id, file.read().strip())
    host = urllib.parse.urlsplit(address).hostname
    provider = AzureIdentityAuthenticationProvider(StaticToken(token), allowed_hosts=[host])
    adapter = GraphRequestAdapter(provider)
    adapter.base_url = f"{address}/v1.0"
    graph = GraphServiceClient(request_adapter=adapter)

    query = UsersRequestBuilder.UsersRequestBuilderGetQueryParameters(
        select=["id", "mail", "displayName", "userType"], top=5
    )
    config = UsersRequestBuilder.UsersRequestBuilderGetRequestConfiguration(query_parameters=query)
    page = await graph.users.get(request_configuration=config)
    users = list(page.value)
    while page.odata_next_link:
        page = await graph.users.with_url(page.odata_next_link).get()
        users.extend(page.value)

    counts = {"users": len(users), "mailboxes": 0, "refused": {}, "folders": 0}
    counts.update({"messages": 0, "removed": 0, "pages": 0})
    calendar = collections.Counter()
    most = int(sys.argv[5]) if len(sys.argv) > 5 else len(users)
    for entry in users:
        if counts["mailboxes"] == most:
            break
        user = graph.users.by_user_id(entry.id)
        try:
            folders = await folders_of(user)
        except ODataError as error:
            code = error.error.code
            counts["refused"][code] = counts["refused"].get(code, 0) + 1
            continue
        counts["mailboxes"] += 1
        counts["folders"] += len(folders)
        for folder in folders:
            items, removed, pages = await round_of(user, folder)
            counts["messages"] += items
            counts["removed"] += removed
            counts["pages"] += pages
        calendar.update(await calendar_round_of(user))
    counts["calendar"] = calendar
    print(json.dumps(counts))


asyncio.run(main())
