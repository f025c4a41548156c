from django.urls import path

from catalogue import views

urlpatterns = [
    path("", views.front, name="front"),
    path("search/", views.search, name="search"),
    path("day/<slug:slug>/", views.category, name="category"),
    path("things/<slug:slug>/", views.product, name="product"),
    path("cart/", views.cart, name="cart"),
    path("cart/add/", views.cart_add, name="cart-add"),
    path("cart/set/", views.cart_set, name="cart-set"),
    path("checkout/", views.checkout, name="checkout"),
    path("orders/<uuid:key>/", views.order, name="order"),
    path("favicon.ico", views.favicon),
]
