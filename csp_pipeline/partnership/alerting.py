"""The entry `alerts` of `partnership.yml`: who is told when something needs a person, and where its links lead."""

from pydantic import Field, model_validator

from csp_pipeline.partnership.entry import VARIABLE, Entry


class AlertsEntry(Entry):
    """Where messages go: `email` and `webhook` name environment variables with the recipients' addresses and the URL;
    `webhook_token` names one with a token that is sent along. Without `email` and `webhook` nobody is told.

    `link` is the address under which the reports are served, such as https://csp.example.org/reports.
    """

    email: str | None = None
    webhook: str | None = None
    webhook_token: str | None = None
    link: str | None = None
    listed: int = Field(10, ge=1, le=100, description="how many of a kind a message lists; the others are counted")

    @model_validator(mode="after")
    def _holds_no_secret(self) -> "AlertsEntry":
        # Checked here and not at the fields, so that no error repeats what may be a secret.
        for key in ("email", "webhook", "webhook_token"):
            name = getattr(self, key)
            if name is not None and not VARIABLE.fullmatch(name):
                raise ValueError(
                    f"{key} names an environment variable, such as ALERT_{key.upper()}; its value is not written here"
                )
        if self.webhook_token is not None and self.webhook is None:
            raise ValueError("webhook_token goes with webhook")
        if self.link is not None and not self.link.startswith(("https://", "http://")):
            raise ValueError("link: expected the address of the reports, such as https://csp.example.org/reports")
        if self.link is not None and "@" in self.link:
            raise ValueError("link: holds no user and no password, for it stands in every message")
        return self
