"""The forms of the page: the file, then what was shown of it and is to be applied."""

from typing import Any

from django import forms
from django.template.defaultfilters import filesizeformat
from unfold.widgets import UnfoldAdminFileFieldWidget

from scoring.configuration.reading import MAX_BYTES
from scoring.rules.ruleset.reason_field import ReasonField


class FileForm(forms.Form):
    """A file to compare with what is configured."""

    file = forms.FileField(
        label="File",
        help_text=f"A configuration as it is downloaded here, at most {filesizeformat(MAX_BYTES)}.",
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": ".yaml,.yml,text/yaml"}),
    )
    prune = forms.BooleanField(
        label="Take out of use what the file does not mention",
        required=False,
        help_text="Only in the sections that the file has.",
    )

    def clean_file(self) -> str:
        """The file's text."""
        file = self.cleaned_data["file"]
        if file.size > MAX_BYTES:
            size, most = filesizeformat(file.size), filesizeformat(MAX_BYTES)
            raise forms.ValidationError(f"The file has {size}; at most {most} are allowed.")
        try:
            return str(file.read().decode("utf-8-sig"))
        except UnicodeDecodeError:
            raise forms.ValidationError("The file is not UTF-8 text.") from None


class ApplyForm(forms.Form):
    """The file that was compared. The browser keeps it, so that the server need not."""

    text = forms.CharField(widget=forms.HiddenInput, strip=False)
    state = forms.CharField(widget=forms.HiddenInput)
    prune = forms.BooleanField(required=False, widget=forms.HiddenInput)
    reason = ReasonField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "apply_%s", **kwargs})  # unlike those of the form for files
