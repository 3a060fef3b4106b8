"""What issuers get wrong, through the command line: one line, exit code 2, naming clause, value and remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

from usufruct.cli import main

EXAMPLES = Path(__file__).parents[3] / "examples"
COMPOSITE = """
[composite]
base = "1亿"
[[composite.stream]]
code = "VPP"
flows = ["100万"]
rate = "8%"
factors.maturity = { value = "1.2", author = "Ada", reason = "survey" }
"""


def changed(folder: Path, name: str, *changes: tuple[str, str], more: str = "") -> str:
    """The path of an example with texts replaced and a text behind it."""
    text = (EXAMPLES / name).read_text("utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    path = folder / name
    path.write_text(text + more, "utf-8")
    return str(path)


def said(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of the program."""
    monkeypatch.setattr("sys.argv", ["usufruct", *arguments])
    monkeypatch.setenv("COLUMNS", "400")
    with pytest.raises(SystemExit) as caught:
        main()
    out = capsys.readouterr()
    return int(caught.value.code or 0), out.out, out.err


CASES = {
    "a cap rate of nothing": (
        ["value"],
        "p0-table2.toml",
        [('amount = "2.5亿"\nrate = "5%"', 'amount = "2.5亿"\nrate = "0%"')],
        "",
        ["cap rate=0", "positive", "like assets"],
    ),
    "splits over 100%": (
        ["structure", "simulate"],
        "cmbs.toml",
        [('share = "6%"\npayee', 'share = "99.5%"\npayee')],
        "",
        ["waterfall", "100.5%", "at most 100%", "lower one"],
    ),
    "shares of ownership over 100%": (
        ["structure", "simulate"],
        "reit.toml",
        [('"40%", "project company 2" = "60%"', '"50%", "project company 2" = "60%"')],
        "",
        ["look-through", "11/10", "sum to 1", "correct the shares"],
    ),
    "overlapping terms": (
        ["structure", "simulate"],
        "ppp.toml",
        [('stratum = "below"', 'stratum = "surface"')],
        "",
        ["stratified rights", "hall surface 2026-01-01 to 2046-01-01", "another stratum"],
    ),
    "cyclic ownership": (
        ["structure", "simulate"],
        "reit.toml",
        [('"original owner" = "34%"', '"mall west" = "34%"')],
        "",
        ["look-through", "mall west →", "no circles", "remove one"],
    ),
    "missing years": (
        ["structure", "simulate"],
        "cmbs.toml",
        [('receipt = "1.2亿"\ngrowth = "1%"', 'receipts = ["1.2亿", "1.3亿"]')],
        "",
        ["pool.receipts=2 periods", "20 periods", "add the missing"],
    ),
    "mixed currencies": (
        ["risk", str(EXAMPLES / "assumptions.toml"), "--structure"],
        "six-streams.toml",
        [('code = "CNY"', 'code = "USDX"')],
        "",
        ["currency=CNY and USDX", "one currency", "same"],
    ),
    "a declared rate above the pool": (
        ["structure", "simulate"],
        "cmbs.toml",
        [],
        '\n[declared]\nA = "9%"\n',
        ["no more than the pool brings", "declared.A=9%", "declare less"],
    ),
    "PE on revenue": (
        ["value"],
        "p0-table2.toml",
        [('numerator = "earnings"', 'numerator = "revenue"')],
        "",
        ["numerator=revenue", "P/E×earnings takes earnings", "give earnings"],
    ),
    "a factor outside the unit interval": (
        ["value"],
        "p0-table2.toml",
        [],
        COMPOSITE,
        ["maturity=1.2", "[0, 1]", "correct the factor"],
    ),
    "an owner of a REIT below a fifth": (
        ["structure", "simulate"],
        "reit.toml",
        [
            ('share = "34%", role', 'share = "14%", role'),
            ('share = "26%", role', 'share = "46%", role'),
        ],
        "",
        ["REIT: lock-up [law]", "0.14", "at least 20%", "take more"],
    ),
    "a skipped stage": (
        ["structure", "simulate"],
        "ppp.toml",
        [('name = "资源锁定"', 'name = "产业重构"')],
        "",
        ["stages of stock assets", "产业重构", "the next is 资源锁定", "enter that"],
    ),
    "a growth that turns receipts negative": (
        ["structure", "simulate"],
        "cmbs.toml",
        [('growth = "1%"', 'growth = "-200%"')],
        "",
        ["pool.growth=-2", "above -100%"],
    ),
    "a growth out of all bounds": (
        ["structure", "simulate"],
        "cmbs.toml",
        [('growth = "1%"', 'growth = "1000000000000"')],
        "",
        ["pool.growth", "at most 100%"],
    ),
    "receipts that no account holds": (
        ["structure", "simulate"],
        "cmbs.toml",
        [('receipt = "1.2亿"', 'receipt = "1000000000000亿"')],
        "",
        ["pool.receipt", "account on the chain"],
    ),
    "an account that is no reserve": (
        ["structure", "simulate"],
        "cmbs.toml",
        [("draws = 4", "draws = 9")],
        "",
        ["interest.draws=9", "account of a reserve"],
    ),
    "a reserve that draws on itself": (
        ["structure", "simulate"],
        "cmbs.toml",
        [("account = 4", "account = 4\ndraws = 4")],
        "",
        ["reserve.draws=4", "draws on the account of a reserve"],
    ),
    "an account of two meanings": (
        ["structure", "simulate"],
        "cmbs.toml",
        [("account = 3", "account = 1")],
        "",
        ["principal.account=1", "arrears to one payee"],
    ),
    "one label for two steps": (
        ["structure", "simulate"],
        "cmbs.toml",
        [('label = "operating cost"', 'label = "tax"')],
        "",
        ["step.label=tax", "one only"],
    ),
    "a holder who stands twice": (
        ["structure", "simulate"],
        "cmbs.toml",
        [('name = "Ben Pension"', 'name = "Ada Fund"')],
        "",
        ["A.holders=Ada Fund", "one only"],
    ),
    "a cure below its threshold": (
        ["structure", "simulate"],
        "cmbs.toml",
        [('cure = "120%"', 'cure = "0%"')],
        "",
        ["cover.cure=0%", "cure not below it"],
    ),
    "a trigger that counts a step before it": (
        ["structure", "simulate"],
        "cmbs.toml",
        [('dues = ["interest", "principal"]', 'dues = ["operating cost"]')],
        "",
        ["cover.dues=operating cost", "from its place on"],
    ),
    "a step that asks a later trigger": (
        ["structure", "simulate"],
        "cmbs.toml",
        [('label = "operating cost"', 'label = "operating cost"\nwhen = "cover"')],
        "",
        ["operating cost.when=cover", "judged before this step"],
    ),
    "a payer with a negative share": (
        ["structure", "simulate"],
        "cmbs.toml",
        [('share = "14%"', 'share = "-14%"')],
        "",
        ["anchor=-14%", "[0%, 100%]"],
    ),
    "net assets of nothing": (
        ["structure", "simulate"],
        "reit.toml",
        [('net_assets = "20亿"', 'net_assets = "0"')],
        "",
        ["140% of net assets", "positive"],
    ),
    "a public fund that nobody knows": (
        ["structure", "simulate"],
        "reit.toml",
        [('public = ["fund"]', 'public = ["fnd"]')],
        "",
        ["graph.public=fnd", "node of graph.owners"],
    ),
    "a listing at the end of the calendar": (
        ["structure", "simulate"],
        "reit.toml",
        [("listed = 2026-03-31", "listed = 9999-12-31")],
        "",
        ["lockup.listed", "in the calendar"],
    ),
    "periods that are no number": (
        ["structure", "simulate"],
        "cmbs.toml",
        [("per_year = 1", "per_year = {}")],
        "",
        ["per_year"],
    ),
    "nothing held": (
        ["score"],
        "p4.toml",
        [('held = "2/3"', 'held = "0"')],
        "",
        ["held=0", "positive"],
    ),
    "a payback of ages": (
        ["value"],
        "p0-table2.toml",
        [('amount = "8"', 'amount = "8亿"')],
        "",
        ["claim.amount", "at most 200 years"],
    ),
    "a chance above one": (
        ["risk"],
        "assumptions.toml",
        [('default_rate = "2%"', 'default_rate = "200%"')],
        "",
        ["stream.VPP.default_rate=2", "[0, 1]"],
    ),
    "an occupancy above one": (
        ["risk"],
        "assumptions.toml",
        [('occupancy = "88%"', 'occupancy = "188%"')],
        "",
        ["stream.SUBUNIT.occupancy=1.88", "[0, 1]"],
    ),
    "a price below nothing": (
        ["risk"],
        "assumptions.toml",
        [('price = "2400"', 'price = "-2400"')],
        "",
        ["stream.SUBUNIT.price=-2400", "not negative"],
    ),
    "a price that falls by all of itself": (
        ["risk"],
        "assumptions.toml",
        [('price_growth = "2%"', 'price_growth = "-100%"')],
        "",
        ["price_growth=-1", "above -100%"],
    ),
    "a stress by less than nothing": (
        ["risk"],
        "assumptions.toml",
        [('price = { SUBUNIT = "0.8" }', 'price = { SUBUNIT = "-0.8" }')],
        "",
        ["scenario.1.price.SUBUNIT=-0.8", "not negative"],
    ),
    "incomes that shrink by all of themselves": (
        ["value"],
        "p0-table2.toml",
        [('income = "2.5亿"\nyears', 'income = "2.5亿"\ngrowth = "-100%"\nyears')],
        "",
        ["flows.growth=-1", "above -100%"],
    ),
    "a band that ends at nothing": (
        ["value"],
        "p0-table2.toml",
        [],
        '\n[band.value]\nlow = "0"\nhigh = "0"\nunit = "x"\nsource = "y"\n',
        ["band.value=0–0", "low is positive"],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_it_is_refused_in_one_line(
    case: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    command, name, changes, more, words = CASES[case]
    file = changed(tmp_path, name, *changes, more=more)
    code, out, err = said([*command, file], monkeypatch, capsys)
    assert (code, out) == (2, "")
    assert len(err.splitlines()) == 1
    for each in words:
        assert each in err


@pytest.mark.parametrize(
    ("incomes", "words"),
    [
        ('["0", "0"]', "no IRR"),
        ('["100亿", "-90亿"]', "no IRR"),
    ],
)
def test_an_irr_without_one_root_is_flagged(
    incomes: str,
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = tmp_path / "v.toml"
    file.write_text(
        'schema = 1\ntitle = "t"\ncurrency = "CNY"\n[unit]\narea_m2 = "10"\n[flows]\n'
        f'investment = "20亿"\nincomes = {incomes}\nrate = "5%"\n',
        "utf-8",
    )
    code, out, err = said(["value", str(file)], monkeypatch, capsys)
    assert (code, err) == (0, "")
    assert words in out


def test_a_headline_of_nothing_is_flagged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = changed(tmp_path, "p0-table2.toml", ('amount = "0.5亿"', 'amount = "0"'))
    code, out, err = said(["value", file], monkeypatch, capsys)
    assert (code, err) == (0, "")
    assert "flag 0 元/㎡·month is below 0.5–12" in out


def test_a_ramp_to_an_income_of_nothing_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    dcf = '\n[dcf]\nincome = "0"\nyears = 3\nrate = "8%"\nramp = { start = "50%", years = 2 }\n'
    file = changed(tmp_path, "p0-table2.toml", more=dcf)
    code, out, err = said(["value", file], monkeypatch, capsys)
    assert (code, err) == (0, "")
    assert "50% of the stable income" in out


def test_steps_behind_a_residual_are_flagged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = '[[step]]\nlabel = "all"\nkind = "residual"\npayee = "x"\n\n[[step]]\nlabel = "tax"'
    file = changed(tmp_path, "cmbs.toml", ('[[step]]\nlabel = "tax"', text))
    code, out, _ = said(["structure", "check", file], monkeypatch, capsys)
    assert code == 0
    assert "tax, operating cost, fee" in out
    assert "behind the residual all" in out


def test_a_check_tells_all_that_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = changed(
        tmp_path,
        "reit.toml",
        ('debt = "6亿"', 'debt = "9亿"'),
        ('in_abs = "92%"', 'in_abs = "79%"'),
    )
    code, out, _ = said(["structure", "check", file], monkeypatch, capsys)
    assert code == 1
    assert "at most 140%" in out
    assert "at least 80%" in out


def test_two_versions_are_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    after = changed(tmp_path, "cmbs.toml", ('amount = "2000万"', 'amount = "2100万"'))
    compare = ["structure", "compare", str(EXAMPLES / "cmbs.toml"), after]
    code, out, err = said(compare, monkeypatch, capsys)
    assert (code, err) == (0, "")
    assert "2 000万 CNY" in next(line for line in out.splitlines() if line.startswith("operator"))
    assert "-2 000万 CNY" in next(line for line in out.splitlines() if "Sponsor, B" in line)
    other = tmp_path / "usdx.toml"
    other.write_text(Path(after).read_text("utf-8").replace('"CNY"', '"USDX"'), "utf-8")
    code, _, err = said([*compare[:3], str(other)], monkeypatch, capsys)
    assert code == 2
    assert "one currency" in err


def test_ownership_of_endless_layers_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    chain = "".join(f'"n{at}" = {{ "n{at + 1}" = "1" }}\n' for at in reversed(range(3_000)))
    file = tmp_path / "deep.toml"
    head = (EXAMPLES / "reit.toml").read_text("utf-8").split("[graph]")[0]
    file.write_text(
        f'{head}[graph]\n[graph.income]\n"n0" = "1亿"\n[graph.owners]\n{chain}', "utf-8"
    )
    code, _, err = said(["structure", "simulate", str(file)], monkeypatch, capsys)
    assert code == 2
    assert "at most 100 layers" in err
    assert len(err.splitlines()) == 1
