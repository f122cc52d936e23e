"""What an offer's one person has chosen so far, before they sign: so that nothing chosen is lost."""

from django.db import models

from consent.registry.models.columns import id_text, relation


class OfferChoice(models.Model):
    """The lines that are switched on, the stage name and the language. Nothing of it binds anybody."""

    offer = models.OneToOneField(
        "registry.Offer",
        primary_key=True,
        on_delete=models.PROTECT,
        db_constraint=False,
        related_name="+",
    )
    organization = relation("registry.Organization")
    livemode = models.BooleanField()
    lines = models.JSONField()  # ids, sorted
    performer_name = models.CharField(max_length=120, blank=True)
    language = id_text(max_length=35)
    updated_at = models.DateTimeField()
