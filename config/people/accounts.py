"""Users and groups in the admin. Users cannot grant or take over permissions that they lack."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, Permission, User
from django.db.models import ManyToManyField, Model, QuerySet
from django.forms import ModelMultipleChoiceField
from django.http import HttpRequest
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from scoring.admin_kit.change_lists import ModelAdmin, moment_column
from scoring.admin_kit.row_rules.visible import has_limits

for model in (User, Group):
    admin.site.unregister(model)

SUPERUSER_ONLY = ("is_superuser", "user_permissions")


class DelegatedAdmin(ModelAdmin):
    """Users other than superusers change only users and groups without permissions that they lack.

    Those with limits change none, for they could give themselves another group.
    """

    def permissions_held(self, account: Any) -> set[str]:
        """The permissions of the account to be changed, as "app.codename"."""
        raise NotImplementedError

    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) and not has_limits(request.user)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return super().has_change_permission(request, obj) and self._is_within(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return super().has_delete_permission(request, obj) and self._is_within(request, obj)

    def _is_within(self, request: HttpRequest, account: Model | None) -> bool:
        user: Any = request.user
        if user.is_superuser:
            return True
        if has_limits(user):
            return False
        if account is None:
            return True
        return self.permissions_held(account) <= user.get_all_permissions()

    def formfield_for_manytomany(
        self, db_field: ManyToManyField[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> ModelMultipleChoiceField | None:
        field = super().formfield_for_manytomany(db_field, request, **kwargs)
        user: Any = request.user
        if field is not None and not user.is_superuser:
            field.queryset = _within(field.queryset, user)
        return field


@admin.register(User)
class UserAdmin(DelegatedAdmin, DjangoUserAdmin):
    list_title = "Users"
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    add_fieldsets = DjangoUserAdmin.add_fieldsets  # unfold's ModelAdmin, which comes first, has none
    list_display = (
        "username",
        "email",
        "group_names",
        "is_active",
        moment_column("last_login", "last login"),
    )
    list_filter = ("groups", "is_active")
    search_help_text = "Name or email address"

    @admin.display(description="groups")
    def group_names(self, user: User) -> str:
        return ", ".join(group.name for group in user.groups.all()) or "-"

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return super().get_queryset(request).prefetch_related("groups")

    def permissions_held(self, account: User) -> set[str]:
        if account.is_superuser:  # an inactive superuser has no permissions in Django, but all once activated
            return {_dotted(permission) for permission in _with_apps(Permission.objects.all())} | {
                "superuser"
            }
        mine = Permission.objects.filter(user=account) | Permission.objects.filter(group__user=account)
        return {_dotted(permission) for permission in _with_apps(mine)}

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        """Permissions come with groups; only a superuser grants single ones or makes a superuser."""
        fieldsets = super().get_fieldsets(request, obj)
        if getattr(request.user, "is_superuser", False):
            return fieldsets
        return [
            (
                title,
                {**options, "fields": [name for name in options["fields"] if name not in SUPERUSER_ONLY]},
            )
            for title, options in fieldsets
        ]


@admin.register(Group)
class GroupAdmin(DelegatedAdmin, DjangoGroupAdmin):
    search_help_text = "Name"

    def permissions_held(self, account: Group) -> set[str]:
        return {_dotted(permission) for permission in _with_apps(account.permissions.all())}


def _within(choices: Any, user: Any) -> Any:
    """The groups or permissions among `choices` that grant nothing `user` lacks."""
    held = user.get_all_permissions()
    lacking = [each.pk for each in _with_apps(Permission.objects.all()) if _dotted(each) not in held]
    if choices.model is Permission:
        return choices.exclude(pk__in=lacking)
    return choices.exclude(permissions__in=lacking)


def _with_apps(permissions: QuerySet[Permission]) -> QuerySet[Permission]:
    return permissions.select_related("content_type")


def _dotted(permission: Permission) -> str:
    return f"{permission.content_type.app_label}.{permission.codename}"
