using System.Text;
using AngleSharp.Dom;
using AngleSharp.Html.Parser;

namespace Mayfly.Packages.Python;

/// <summary>An index page in HTML; PEP 503 with 592, 629, 658 and 714.</summary>
internal static class IndexHtml
{
    public static IndexPage Read(ReadOnlyMemory<byte> bytes, Uri address)
    {
        using var document = new HtmlParser().ParseDocument(Encoding.UTF8.GetString(bytes.Span));
        IndexPage.RefuseUnknown(document.QuerySelector("meta[name='pypi:repository-version']")?.GetAttribute("content"), address);
        var from = document.QuerySelector("base[href]")?.GetAttribute("href") is { } other && Uri.TryCreate(address, other, out var meant) ? meant : address;
        return new IndexPage { Files = [.. document.QuerySelectorAll("a[href]").Select(link => File(link, from)).OfType<IndexFile>()] };
    }

    /// <summary>Null for a link to something that has no file's name, or that nobody fetches: <c>javascript:</c>, <c>mailto:</c>.</summary>
    private static IndexFile? File(IElement link, Uri from)
    {
        if (!Uri.TryCreate(from, link.GetAttribute("href")!.Trim(), out var address) || !IndexPage.IsFetched(address) || Uri.UnescapeDataString(address.Segments[^1]) is not { Length: > 0 } name || name.EndsWith('/'))
            return null;
        var metadata = link.GetAttribute("data-core-metadata") ?? link.GetAttribute("data-dist-info-metadata");
        return new IndexFile
        {
            Name = name,
            Address = new Uri(address.GetLeftPart(UriPartial.Query)),
            Hashes = Hash(address.Fragment.TrimStart('#')),
            RequiresPython = link.GetAttribute("data-requires-python") is { } python && VersionSpecifier.TryParse(python) is { } versions ? versions : VersionSpecifier.Any,
            HasMetadata = metadata is not null and not "false",
            MetadataHashes = metadata is null ? new Dictionary<string, string>() : Hash(metadata),
            Yanked = link.GetAttribute("data-yanked"),
        };
    }

    /// <summary><c>sha256=…</c>, alone or among other parts.</summary>
    private static IReadOnlyDictionary<string, string> Hash(string text) =>
        FileDigests.Of(text.Split('&').Select(static part => part.Split('=', 2)).Where(static pair => pair is [_, _]).Select(static pair => (pair[0], pair[1])));
}
