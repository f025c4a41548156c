using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Mayfly.Packages.Debian;
using Mayfly.Packages.Depots;
using Mayfly.Packages.Tests.Archives;
using Mayfly.Packages.Tests.Debian;

namespace Mayfly.Packages.Tests.Depots;

/// <summary>A small archive in a folder, a store that has read it, a key, and a depot to publish into.</summary>
internal sealed class DepotGround : IDisposable
{
    private static readonly SigningKey ArchiveKey = new();
    private readonly TemporaryStore _temporary = new();
    private readonly List<string> _stanzas = [];

    public DepotGround()
    {
        Archive = Path.Combine(_temporary.Folder, "archive");
        Depot = new DepotFolder(Path.Combine(_temporary.Folder, "depot"));
        Key = KeyFile.Create(Path.Combine(_temporary.Folder, "depot.key"), "test");
        PublicKey = Path.Combine(_temporary.Folder, "trusted.asc");
        File.WriteAllBytes(PublicKey, Key.PublicKey);
        File.WriteAllBytes(Path.Combine(_temporary.Folder, "archive.asc"), ArchiveKey.Public.ToArray());
        Add("hello", "1.0");
        Add("world", "2.0", "Depends: hello\n");
    }

    public Store Store => _temporary.Store;

    public string Folder => _temporary.Folder;

    public string Archive { get; }

    public DepotFolder Depot { get; }

    public KeyFile Key { get; }

    /// <summary>A file with the public part of <see cref="Key"/>.</summary>
    public string PublicKey { get; }

    public DebianSources Sources => new()
    {
        Codename = "bookworm",
        Architecture = "amd64",
        Sources = [.. ((string[])["bookworm", "bookworm-updates"]).Select(suite => new DebianSource(suite, [new Uri($"file://{Archive}/")], ["main"]))],
        Keys = [Path.Combine(_temporary.Folder, "archive.asc")],
    };

    public DebianSources OnlyDepot => DebianSources.Discover("bookworm", "amd64",
        new DebianConfiguration { Mirror = "none", Depots = [Depot.Root], DepotKeys = [PublicKey] }, new AptConfiguration { Sources = [], Options = new Dictionary<string, string>() });

    /// <summary>A package of the archive, with fields that only its index has.</summary>
    public void Add(string name, string version, string fields = "", int size = 100)
    {
        var control = $"Package: {name}\nVersion: {version}\nArchitecture: all\nMaintainer: Nobody <nobody@example.org>\n{fields}Priority: extra\nDescription: made for a test\n with more to say\n";
        var deb = ArchiveBuilder.Deb(ArchiveBuilder.Tar(ArchiveBuilder.Entry('0', $"./usr/share/{name}", contents: RandomNumberGenerator.GetBytes(size))), ArchiveBuilder.Tar(ArchiveBuilder.File("./control", control)));
        var path = $"pool/main/{name[0]}/{name}/{name}_{version}_all.deb";
        Directory.CreateDirectory(Path.Combine(Archive, Path.GetDirectoryName(path)!));
        File.WriteAllBytes(Path.Combine(Archive, path), deb);
        _stanzas.Add(control.Replace("Priority: extra", "Priority: important", StringComparison.Ordinal).Replace("\n with more to say", "\nDescription-md5: 0123456789abcdef0123456789abcdef", StringComparison.Ordinal)
            + $"Section: net\nFilename: {path}\nSize: {deb.Length}\nMD5sum: {Convert.ToHexStringLower(MD5.HashData(deb))}\nSHA256: {Convert.ToHexStringLower(SHA256.HashData(deb))}\n");
        WriteSuite("bookworm", string.Join('\n', _stanzas));
        WriteSuite("bookworm-updates", "");
    }

    public string StanzaOf(string name) => _stanzas.Last(stanza => stanza.StartsWith($"Package: {name}\n", StringComparison.Ordinal));

    /// <summary>A lock of these packages, which are in the store afterwards.</summary>
    public async Task<StackLock> LockAsync(params string[] packages)
    {
        var index = await IndexFetch.ReadAsync(Store, Sources);
        var chosen = DebianResolution.Resolve(index, packages.Select(PackageRequest.Parse), []).Packages;
        var stackLock = new StackLock
        {
            Architecture = "amd64",
            Releases = index.Releases,
            Packages = [.. chosen.Select(static package => package.Lock()).OrderBy(static package => package.Id, StringComparer.Ordinal)],
            Sets = [new LockedSet { Name = "base", Requests = packages, Stages = [new LockedStage([.. chosen.Select(static package => package.Id)])] }],
        };
        await Fetch.AllAsync(Store, Sources, stackLock.Packages);
        return stackLock;
    }

    public Task<Publication.Result> PublishAsync(StackLock stackLock, string name = "stack", IDepotSigner? signer = null, IProgress<Activity>? progress = null, DepotFolder? depot = null) =>
        new Publication(depot ?? Depot, Store, signer ?? Key, Sources.Keys, _ => Sources).RunAsync(name, Encoding.UTF8.GetBytes(LockFile.Format(stackLock)), null, [], progress);

    public Task<DepotCheck.Result> CheckAsync(Uri? address = null) => DepotCheck.RunAsync(address ?? new Uri($"file://{Depot.Root}/"), [PublicKey]);

    public string Read(string path) => File.ReadAllText(Path.Combine(Depot.Root, path));

    public void Dispose() => _temporary.Dispose();

    private void WriteSuite(string suite, string packages)
    {
        var plain = Encoding.UTF8.GetBytes(packages);
        var packed = ArchiveBuilder.Gzip(plain);
        var folder = Directory.CreateDirectory(Path.Combine(Archive, "dists", suite, "main/binary-amd64")).FullName;
        File.WriteAllBytes(Path.Combine(folder, "Packages.gz"), packed);
        File.WriteAllText(Path.Combine(Archive, "dists", suite, "InRelease"), ArchiveKey.Sign($"""
            Origin: Debian
            Label: Debian
            Suite: oldstable
            Codename: {suite}
            Date: {DateTimeOffset.UtcNow.ToString("ddd, dd MMM yyyy HH:mm:ss 'UTC'", CultureInfo.InvariantCulture)}
            Architectures: amd64
            Components: main
            SHA256:
             {Convert.ToHexStringLower(SHA256.HashData(plain))} {plain.Length} main/binary-amd64/Packages
             {Convert.ToHexStringLower(SHA256.HashData(packed))} {packed.Length} main/binary-amd64/Packages.gz

            """));
    }
}
