"""Guessing which columns hold the number and the name."""

from contactcenter.lists.mapping import FieldMapping, guess


def test_a_salesforce_campaign_gives_mobile_numbers_first_and_both_names() -> None:
    columns = ["Id", "Contact.Name", "Contact.Phone", "Contact.MobilePhone", "Lead.Name", "Lead.Phone", "Lead.Company"]
    found = guess(columns)
    assert found.phone == ("Contact.MobilePhone", "Contact.Phone", "Lead.Phone")
    assert found.name == ("Contact.Name", "Lead.Name")
    assert found.columns == ("Lead.Company",)


def test_first_and_last_name_of_a_file_belong_together() -> None:
    found = guess(["Company name", "First name", "Last name", "Telephone", "Fax"])
    assert (found.phone, found.name) == (("Telephone",), ("First name", "Last name"))
    assert found.columns == ("Company name", "Fax")


def test_columns_in_german_are_recognised() -> None:
    found = guess(["Vorname", "Nachname", "Firma", "Handynummer", "Telefon"])
    assert found.phone == ("Handynummer", "Telefon")
    assert found.name == ("Vorname", "Nachname")


def test_a_file_without_any_hint_is_left_to_the_administrator() -> None:
    assert guess(["A", "B"]) == FieldMapping((), (), ("A", "B"))


def test_what_was_chosen_before_comes_back_where_its_columns_do() -> None:
    before = {"phone": ["B"], "name": ["A", "gone"], "columns": ["C", "gone"]}
    assert guess(["A", "B", "C", "Phone"], before) == FieldMapping(("B",), ("A",), ("C",))
    assert guess(["Phone", "Name"], before).phone == ("Phone",)


def test_the_first_column_that_holds_a_number_counts() -> None:
    chosen = FieldMapping(("Mobile", "Phone"), ("First", "Last"), ("City", "Empty"))
    values = {"Mobile": " ", "Phone": "123", "First": "Ann", "Last": " Lee ", "City": "Rome", "Empty": "", "Other": "x"}
    assert chosen.number(values) == "123"
    assert chosen.full_name(values) == "Ann Lee"
    assert chosen.shown(values) == {"City": "Rome"}
    assert FieldMapping.load(chosen.dump()) == chosen
