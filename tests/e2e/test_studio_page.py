"""The studio's page, in a real browser."""


def test_the_page_opens_in_a_browser_and_asks_nobody_else(studio, browser_page):
    answer = browser_page.goto(studio.url)
    assert answer.status == 200
    assert "Stylereel" in browser_page.title()
