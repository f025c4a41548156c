using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using static Mayfly.Packages.Tests.Archives.ArchiveBuilder;

namespace Mayfly.Packages.Tests.Debian;

/// <summary>A small archive with one package, signed with a key of its own.</summary>
internal sealed class TestArchive
{
    public static readonly DateTimeOffset Now = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    public SigningKey Key { get => field ??= new(); init; }

    public byte[] Deb { get; init; } = Deb(Tar(Archives.ArchiveBuilder.File("./usr/bin/hello", "hello")));

    /// <summary>The folder below <c>dists/</c>.</summary>
    public string Suite { get; init; } = "bookworm";

    /// <summary>The field of that name.</summary>
    public string SuiteField { get; init; } = "oldstable";

    public string Label { get; init; } = "Debian";

    public string Components { get; init; } = "main contrib";

    /// <summary>Which sums it lists: MD5Sum, SHA1, SHA256.</summary>
    public string Sums { get; init; } = "SHA256";

    public string Origin { get; init; } = "Debian";

    public string Codename { get; init; } = "bookworm";

    public DateTimeOffset Date { get; init; } = Now.AddDays(-1);

    public DateTimeOffset? ValidUntil { get; init; }

    public string Extra { get; init; } = "";

    public string PackagesText => $"""
        Package: hello
        Version: 1.0
        Architecture: amd64
        Maintainer: Nobody <nobody@example.org>
        Filename: pool/main/h/hello/hello_1.0_amd64.deb
        Size: {Deb.Length}
        SHA256: {Convert.ToHexStringLower(SHA256.HashData(Deb))}
        Description: says hello

        """;

    public byte[] PackagesGz { get => field ??= Gzip(Encoding.UTF8.GetBytes(PackagesText)); init; }

    public string Release
    {
        get
        {
            var plain = Encoding.UTF8.GetBytes(PackagesText);
            return $"""
                Origin: {Origin}
                Label: {Label}
                Suite: {SuiteField}
                Codename: {Codename}
                Date: {Stamp(Date)}
                {(ValidUntil is { } until ? $"Valid-Until: {Stamp(until)}\n" : "")}Acquire-By-Hash: yes
                Architectures: amd64 arm64
                Components: {Components}
                {Extra}{Sums}:
                 {Sum(plain)} {plain.Length} main/binary-amd64/Packages
                 {Sum(PackagesGz)} {PackagesGz.Length} main/binary-amd64/Packages.gz

                """;
        }
    }

    /// <summary>Puts it on a server, below <paramref name="root"/>; what is given stands in place of what it would sign.</summary>
    public void PutOn(FaultyServer server, string? inRelease = null, string root = "")
    {
        var folder = $"{root}dists/{Suite}";
        server.Files[$"{folder}/InRelease"] = Encoding.UTF8.GetBytes(inRelease ?? Key.Sign(Release));
        server.Files[$"{folder}/main/binary-amd64/by-hash/SHA256/{Convert.ToHexStringLower(SHA256.HashData(PackagesGz))}"] = PackagesGz;
        server.Files[$"{folder}/main/binary-amd64/Packages.gz"] = PackagesGz;
        server.Files[$"{root}pool/main/h/hello/hello_1.0_amd64.deb"] = Deb;
    }

#pragma warning disable CA5350, CA5351 // Weak on purpose.
    private string Sum(byte[] bytes) => Convert.ToHexStringLower(Sums switch
    {
        "MD5Sum" => MD5.HashData(bytes),
        "SHA1" => SHA1.HashData(bytes),
        _ => SHA256.HashData(bytes),
    });
#pragma warning restore CA5350, CA5351

    private static string Stamp(DateTimeOffset time) => time.ToString("ddd, dd MMM yyyy HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);
}
