"""A cart in the session: `{product id: quantity}`."""

from catalogue.models import Product

SESSION_KEY = "cart"
MOST = 99


class Cart:
    def __init__(self, session):
        self._session = session
        self._quantities = {int(key): value for key, value in session.get(SESSION_KEY, {}).items()}

    def __len__(self):
        return sum(self._quantities.values())

    def quantity(self, product):
        return self._quantities.get(product.pk, 0)

    def put(self, product, quantity):
        """Sets how many of a product are wanted, never more than there are."""
        quantity = max(0, min(quantity, product.stock, MOST))
        if quantity:
            self._quantities[product.pk] = quantity
        else:
            self._quantities.pop(product.pk, None)
        self._save()
        return quantity

    def clear(self):
        self._quantities = {}
        self._save()

    def lines(self):
        products = Product.objects.select_related("category").filter(pk__in=self._quantities)
        return [
            {"product": product, "quantity": self._quantities[product.pk], "amount": product.price * self._quantities[product.pk]}
            for product in products
        ]

    def _save(self):
        # JSON has no whole numbers as keys.
        self._session[SESSION_KEY] = {str(key): value for key, value in self._quantities.items()}
