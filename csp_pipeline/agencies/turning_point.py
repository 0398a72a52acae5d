"""Turning Point (Swanswell before it): treatment episodes, and the provider's own summary of them."""

from csp_pipeline import tables
from csp_pipeline.published_numbers import published_number
from csp_pipeline.tables import Derived, FeedTable, Layout

DISCHARGE_REASONS = {
    "1": "completed_drug_free",
    "2": "completed",
    "5": "referred_on",
    "6": "dropped_out",
    "7": "moved",
    "8": "prison",
    "9": "died",
    "13": "inappropriate",
}
REFERRAL_SOURCES = {"3": "gp", "4": "self", "5": "arrest_referral", "6": "drr", "8": "probation"}


@tables.feed(
    row_unit="episode",
    key=("provider_code", "episode_id"),
    derived=(
        Derived("client_id", "VARCHAR", "provider_code || '-' || client_reference", "Client within provider", "unit: client"),
        Derived(
            "open_in",
            "DATE",
            "covered_from",
            "First day of the quarter the episode was open in",
            "date: open",
            "quarter",
        ),
    ),
)
class Episodes(FeedTable):
    """Treatment episodes open at any time in a quarter, after NDTMS: an episode stands in every quarter it is open in.

    The client's reference restarts with each provider, so a client is known by provider and reference together.
    """

    provider_code: str = tables.text("Provider; changes when the provider does", header="AGNCY")
    client_reference: str = tables.text("Client, within the provider", header="CLIENT", sensitivity="person")
    episode_id: str = tables.text("Episode", header="EPISODID", role="unit: episode")
    referral_date: str = tables.day("%Y-%m-%d", "Day of referral", header="REFLD", role="date: referred")
    triage_date: str = tables.day("%Y-%m-%d", "Day of triage", header="TRIAGED", nullable=True, role="date: triaged")
    discharge_date: str = tables.day(
        "%Y-%m-%d", "Day of discharge; blank while the episode is open", header="DISD", nullable=True, role="date: discharged"
    )
    discharge_reason: str = tables.choice(
        DISCHARGE_REASONS, "Why discharged; blank while the episode is open", header="DISRSN", nullable=True
    )
    drug_1: str = tables.text("First problem substance", header="DRUG1", nullable=True)
    drug_2: str = tables.text("Second problem substance", header="DRUG2", nullable=True)
    drug_3: str = tables.text("Third problem substance", header="DRUG3", nullable=True)
    referral_source: str = tables.choice(REFERRAL_SOURCES, "Who referred", header="RFLS", nullable=True)
    modality: str = tables.text("Kind of treatment", header="MODAL", nullable=True)
    residence_district: str = tables.district(
        "Local authority the client lives in", header="LA", nullable=True, role="area: residence"
    )
    sex: str = tables.text("Sex as recorded", header="SEX", nullable=True)
    age_band: str = tables.text("Age band", header="AGEBAND", nullable=True)


@tables.feed(
    row_unit="result",
    key=("district",),
    record_level=False,
    layout=Layout("workbook", sheet="Summary"),
    derived=(Derived("period", "VARCHAR", "covered_label", "Quarter summarised", role="period"),),
)
class Summary(FeedTable):
    """The provider's own totals by district and quarter; counts under 5 are shown as `<5`."""

    district: str = tables.district("District the clients live in", header="District", role="area: residence")
    in_treatment: str = published_number("People in treatment", header="In treatment", nullable=True)
    new_presentations: str = published_number("New presentations", header="New presentations", nullable=True)
    successful_completions: str = published_number("Successful completions", header="Successful completions", nullable=True)
