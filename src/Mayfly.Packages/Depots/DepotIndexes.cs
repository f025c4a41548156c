using Mayfly.Packages.Debian;

namespace Mayfly.Packages.Depots;

/// <summary>The pages for pip of the depots that this machine knows (<c>[depot] addresses</c>): asked first for files whose digest is known, which needs no trust.</summary>
public static class DepotIndexes
{
    /// <summary>Each with a slash at its end. Not by the link <c>simple</c>, which not every server follows.</summary>
    /// <exception cref="MayflyException">The configuration cannot be read.</exception>
    public static IReadOnlyList<Uri> OfHost() =>
    [
        .. (DebianConfiguration.Read().Depots ?? []).Select(static place => place.StartsWith('/') ? $"file://{place}" : place)
            .Select(static place => Uri.TryCreate($"{place.TrimEnd('/')}/{SimplePages.Folder}/", UriKind.Absolute, out var address) ? address : null).OfType<Uri>(),
    ];
}
