import re
from tests.browser import walk
from tests.browser.people import passkey_button
from tests.browser.touring import Tour
from tests.browser.visitor import DESKTOP, Visitor
def test_it(browser, place):
    v = Visitor(browser, origins=place.origins, size=DESKTOP)
    v.guard.allow("status of 4(03|04|09|10|22)")
    tour = Tour(place)
    said = place.operator("organization", "invite-member", walk.ORGANIZATION, "--email", "member@northlight.example", "--role", "owner", "--name", "Mia Member")
    v.go(next(word for word in said.split() if "/m/" in word))
    passkey_button(v).click()
    v.page.wait_for_url("**/org/**")
    kinds = tour.crawl(v, f"{place.main}/org/test", "company", skip="^/(org/live|lost-key|recover|sign-in)?$")
    print(kinds)
    v.go(f"{place.main}/org/test/offers/new/voice-clone")
    page = v.page
    page.locator("textarea[name=text_train]").fill("x" * 220)
    page.locator("input[name=purposes]").first.check()
    v.click("Keep as a draft")
    print(v.path, page.locator("h1").inner_text())
    print([e.inner_text() for e in page.locator(".error li").all()])
    v.click("Send"); print(v.path, page.locator("h1").inner_text())
    page.context.clear_cookies()
    v.go(f"{place.main}/org/test/keys"); print(v.path)
    passkey_button(v).click(); page.wait_for_url("**/org/**"); print(v.path)
    print("FAULTS", tour.findings.faults)
    print("GUARD", v.guard.faults())
    print("HEAVY", tour.too_heavy())
    print("MAILS", [p.name for p in walk.mails(place)])
    v.leave()
