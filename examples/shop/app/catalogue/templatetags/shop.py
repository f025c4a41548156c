from django import template
from django.template.loader import get_template
from django.utils.safestring import mark_safe

from catalogue.cart import Cart
from catalogue.middleware import HOSTNAME

register = template.Library()


@register.filter
def money(value):
    return f"€{value:,.2f}"


@register.simple_tag
def art(product):
    """The drawing of a product, inline, so that it takes the colours of its hour."""
    drawing = get_template(f"art/{product.art}.svg").render()
    return mark_safe(f'<svg class="art" viewBox="0 0 200 200" aria-hidden="true" focusable="false">{drawing}</svg>')


@register.simple_tag(takes_context=True)
def basket_size(context):
    return len(Cart(context["request"].session))


@register.simple_tag
def hostname():
    return HOSTNAME


@register.simple_tag
def hours():
    """The parts of the day for the navigation: the same in every shop, and so asked of no database."""
    return [("dawn", "Dawn"), ("noon", "Noon"), ("dusk", "Dusk"), ("night", "Night")]
