from django import forms
from django.db import transaction
from django.db.models import F

from catalogue import pages
from catalogue.models import Order, OrderLine, Product


class SoldOut(Exception):
    def __init__(self, product):
        super().__init__(f"{product.name} has just been sold out or nearly so.")
        self.product = product


class OrderForm(forms.ModelForm):
    class Meta:
        model = Order
        fields = ["name", "email", "address"]
        widgets = {
            "name": forms.TextInput(attrs={"autocomplete": "name"}),
            "email": forms.EmailInput(attrs={"autocomplete": "email"}),
            "address": forms.Textarea(attrs={"autocomplete": "street-address", "rows": 3}),
        }


@transaction.atomic
def place(order, lines):
    """Writes an order and takes its goods out of the stock: all of it, or nothing."""
    order.total = sum(line["amount"] for line in lines)
    order.save()
    # In one order, so that two orders for the same goods wait for each other rather than for ever.
    for line in sorted(lines, key=lambda line: line["product"].pk):
        product, quantity = line["product"], line["quantity"]
        # One statement that compares and subtracts: right on every engine, whatever else runs.
        if not Product.objects.filter(pk=product.pk, stock__gte=quantity).update(stock=F("stock") - quantity):
            raise SoldOut(product)
        OrderLine.objects.create(order=order, product=product, name=product.name, price=product.price, quantity=quantity)
    pages.forget()
    return order
