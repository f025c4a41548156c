using System.Text;
using Mayfly.Linux;
using Mayfly.Packages.Transfer;

namespace Mayfly.Packages.Python.Resolving;

/// <summary>
/// A page of an index, with what the server calls its state: <see cref="Checksummed"/>, four lines, then the page as it was sent; what HTML says as JSON, which is read in a fraction of the time. The server
/// may say for months that nothing has changed.
/// </summary>
internal sealed record KeptPage(Uri Address, string ContentType, Validators Validators, ReadOnlyMemory<byte> Body)
{
    private const int Longer = 8;

    /// <summary>Null when there is none that can be read.</summary>
    public static KeptPage? Read(string path)
    {
        ReadOnlyMemory<byte> bytes;
        try
        {
            if (Checksummed.Read(File.ReadAllBytes(path)) is not { } kept)
                return null;
            bytes = kept;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }

        var lines = new string[4];
        var at = 0;
        for (var i = 0; i < lines.Length; i++)
        {
            var end = bytes.Span[at..].IndexOf((byte)'\n');
            if (end < 0)
                return null;
            lines[i] = Encoding.UTF8.GetString(bytes.Span.Slice(at, end));
            at += end + 1;
        }

        return Uri.TryCreate(lines[0], UriKind.Absolute, out var address)
            ? new KeptPage(address, lines[1], new Validators(Text(lines[2]), Text(lines[3])) { Conditional = true }, bytes[at..])
            : null;

        static string? Text(string line) => line.Length == 0 ? null : line;
    }

    /// <summary>The page that an index has just sent.</summary>
    public static KeptPage Of(Uri address, string contentType, Validators validators, ReadOnlyMemory<byte> body)
    {
        var sent = new KeptPage(address, contentType, validators, body);
        if (!validators.Any || !IndexPage.IsHtml(contentType))
            return sent;
        try
        {
            address = Login.Without(address);
            var page = IndexPage.Read(body, contentType, address);
            // With whole addresses a page may come to many times what it was, and is then left as it is.
            return page.Files.Sum(static file => (long)file.Address.OriginalString.Length) > Longer * (body.Length + 1024L) ? sent
                : sent with { Address = address, ContentType = IndexJson.MediaType, Body = IndexJson.Write(page) };
        }
        catch (MayflyException)
        {
            // Whoever reads it is told.
            return sent;
        }
    }

    /// <summary>Replaces what is there; a page whose state has no name is not kept, since it could never be asked whether it is still the same. Links in it may have passwords (RFC 3986, section 3.2.1), and a private index's page is for who has its own: so it is its owner's alone.</summary>
    public void Write(Store store, string path)
    {
        if (!Validators.Any)
            return;
        using var work = store.BeginWork("page");
        var made = Path.Combine(work.Path, "page");
        byte[] all = [.. Encoding.UTF8.GetBytes($"{Login.Without(Address).AbsoluteUri}\n{ContentType}\n{Validators.Tag}\n{Validators.Modified}\n"), .. Body.Span];
        using (var file = new FileStream(FileHandles.CreateNew(made), FileAccess.Write))
            Checksummed.Write(file, all);

        Files.Rename(made, path);
    }
}
