from django.contrib import messages
from django.contrib.staticfiles.storage import staticfiles_storage
from django.db.models import Q
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from catalogue import pages
from catalogue.cart import Cart
from catalogue.checkout import OrderForm, SoldOut, place
from catalogue.models import Category, Order, Product


@require_safe
@pages.cached
def front(request):
    categories = Category.objects.prefetch_related("products")
    return "Goods for one good day", "catalogue/front.html", {"categories": categories}


@require_safe
@pages.cached
def category(request, slug):
    found = get_object_or_404(Category.objects.prefetch_related("products"), slug=slug)
    return found.name, "catalogue/category.html", {"category": found, "hour": found.slug}


@require_safe
@pages.cached
def product(request, slug):
    found = get_object_or_404(Product.objects.select_related("category"), slug=slug)
    others = Product.objects.filter(category=found.category).exclude(pk=found.pk).select_related("category")[:3]
    return found.name, "catalogue/product.html", {"product": found, "others": others, "hour": found.category.slug}


@require_safe
@pages.cached
def search(request):
    query = request.GET.get("q", "").strip()[:80]
    found = Product.objects.none()
    if query:
        wanted = Q()
        for word in query.split():
            wanted &= Q(name__icontains=word) | Q(blurb__icontains=word) | Q(description__icontains=word)
        found = Product.objects.filter(wanted).select_related("category")
    return f"Search: {query}" if query else "Search", "catalogue/search.html", {"query": query, "found": found}


@require_safe
def cart(request):
    lines = Cart(request.session).lines()
    return render(request, "catalogue/cart.html", {"title": "Your basket", "lines": lines, "total": sum(line["amount"] for line in lines)})


@require_POST
def cart_add(request):
    found, quantity = _wanted(request, default=1)
    basket = Cart(request.session)
    before = basket.quantity(found)
    now = basket.put(found, before + quantity)
    if now > before:
        messages.success(request, f"{found.name} is in your basket.")
    else:
        messages.error(request, f"There are no more of {found.name}.")
    return redirect("cart")


@require_POST
def cart_set(request):
    found, quantity = _wanted(request, default=0)
    Cart(request.session).put(found, quantity)
    return redirect("cart")


def checkout(request):
    basket = Cart(request.session)
    lines = basket.lines()
    if not lines:
        return redirect("cart")
    form = OrderForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            placed = place(form.save(commit=False), lines)
        except SoldOut as fault:
            left = Product.objects.get(pk=fault.product.pk)
            basket.put(left, left.stock)
            messages.error(request, f"{fault} We have {left.stock} left.")
            return redirect("cart")
        basket.clear()
        return redirect(placed)
    total = sum(line["amount"] for line in lines)
    return render(request, "catalogue/checkout.html", {"title": "Checkout", "form": form, "lines": lines, "total": total})


@require_safe
def order(request, key):
    found = get_object_or_404(Order.objects.prefetch_related("lines"), key=key)
    return render(request, "catalogue/order.html", {"title": "Thank you", "order": found})


@require_safe
def favicon(request):
    return redirect(staticfiles_storage.url("catalogue/favicon.svg"))


def _wanted(request, default):
    try:
        quantity = int(request.POST.get("quantity", default))
    except ValueError:
        quantity = default
    slug = request.POST.get("product")
    if not slug:
        raise Http404
    return get_object_or_404(Product, slug=slug), quantity
