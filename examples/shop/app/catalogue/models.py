import uuid

from django.core.validators import MinValueValidator
from django.db import models
from django.urls import reverse


class Category(models.Model):
    """A part of the day."""

    slug = models.SlugField(unique=True, max_length=40)
    name = models.CharField(max_length=60)
    hours = models.CharField(max_length=40)
    tagline = models.CharField(max_length=160)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position"]
        verbose_name_plural = "categories"

    def __str__(self):
        return self.name

    def get_absolute_url(self):
        return reverse("category", args=[self.slug])


class Product(models.Model):
    slug = models.SlugField(unique=True, max_length=60)
    category = models.ForeignKey(Category, on_delete=models.PROTECT, related_name="products")
    name = models.CharField(max_length=80)
    blurb = models.CharField(max_length=160)
    description = models.TextField()
    details = models.CharField(max_length=200, help_text="Short facts, separated by semicolons.")
    price = models.DecimalField(max_digits=8, decimal_places=2, validators=[MinValueValidator(0)])
    stock = models.PositiveIntegerField(default=0)
    art = models.SlugField(max_length=40, help_text="The drawing: a file below templates/art.")

    class Meta:
        ordering = ["category__position", "pk"]

    def __str__(self):
        return self.name

    def get_absolute_url(self):
        return reverse("product", args=[self.slug])

    @property
    def facts(self):
        return [fact.strip() for fact in self.details.split(";") if fact.strip()]


class Order(models.Model):
    # The page of an order is shown to whoever knows its address, so the address cannot be guessed.
    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    created = models.DateTimeField(auto_now_add=True)
    name = models.CharField("your name", max_length=120)
    email = models.EmailField("e-mail")
    address = models.TextField("where to", max_length=500)
    total = models.DecimalField(max_digits=10, decimal_places=2)

    class Meta:
        ordering = ["-created"]

    def __str__(self):
        return f"order {self.pk}"

    def get_absolute_url(self):
        return reverse("order", args=[self.key])


class OrderLine(models.Model):
    """What was bought, at the price of the day."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="lines")
    product = models.ForeignKey(Product, on_delete=models.PROTECT)
    name = models.CharField(max_length=80)
    price = models.DecimalField(max_digits=8, decimal_places=2)
    quantity = models.PositiveIntegerField()

    @property
    def amount(self):
        return self.price * self.quantity
