using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Mayfly.Packages;
using Mayfly.Packages.Debian;
using Mayfly.Packages.Tests.Archives;
using Mayfly.Packages.Tests.Debian;
using Mayfly.Packages.Tools;

namespace Mayfly.EndToEnd.Tests.Faults;

/// <summary>
/// A Debian archive in a folder, signed with a key made for it: the real packages of the base and of Mayfly's tools, from the store that
/// all tests share, and small ones that a test makes up. Anything in it can be damaged.
/// </summary>
internal sealed class LocalArchive
{
    public const string Codename = "bookworm";

    private readonly List<string> _stanzas = [];

    public LocalArchive(string folder)
    {
        Folder = folder;
        Directory.CreateDirectory(Path.Combine(folder, "pool"));
    }

    public string Folder { get; }

    public SigningKey Key { get; init; } = new();

    /// <summary>The suite that its packages are in.</summary>
    public string Suite { get; init; } = Codename;

    /// <summary>The version of what is made up.</summary>
    public string Version { get; init; } = "1.0";

    /// <summary>Fields of the Release file, to be replaced by tests.</summary>
    public Func<string, string> EditRelease { get; set; } = text => text;

    /// <summary>Takes in what the machine's own mirror has of the base and the tools; fetched once for all tests.</summary>
    public async Task AddRealPackagesAsync()
    {
        var store = Store.Open();
        using var held = store.LockShared();
        var sources = DebianSources.Discover(Codename, HostArchitecture.Name);
        var index = await IndexFetch.ReadAsync(store, sources);
        var locked = DebianLock.Create(index, [ToolSet.Request]);
        await Fetch.AllAsync(store, sources, locked.Packages);
        var unpacked = await Unpack.AllAsync(store, locked.Packages);
        foreach (var (package, files) in locked.Packages.Zip(unpacked))
        {
            var path = $"pool/{package.Name}_{package.Architecture}.deb";
            File.CreateSymbolicLink(Path.Combine(Folder, path), store.PathOf(StoreArea.Artifacts, package.Sha256));
            AddStanza(File.ReadAllText(Path.Combine(files.Folder, "control", "control")), path, package.Sha256, package.Size);
        }
    }

    /// <summary>Adds a package of these tar entries.</summary>
    public void Add(string name, string fields = "", params byte[][] entries) => Add(name, fields, null, entries);

    /// <summary>Adds a package that does something when it is configured.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="script">A shell script, its postinst.</param>
    public void AddScript(string name, string script) => Add(name, "", script, [ArchiveBuilder.File($"./usr/share/{name}/text", name)]);

    private void Add(string name, string fields, string? script, byte[][] entries)
    {
        var control = $"Package: {name}\nVersion: {Version}\nArchitecture: all\nMaintainer: Nobody <nobody@example.org>\nDescription: made for a test\n{fields}";
        var deb = ArchiveBuilder.Deb(ArchiveBuilder.Tar(entries), ArchiveBuilder.Tar(
            [ArchiveBuilder.File("./control", control), .. script is null ? [] : (byte[][])[ArchiveBuilder.Entry('0', "./postinst", contents: Encoding.UTF8.GetBytes($"#!/bin/sh\nset -e\n{script}\n"), mode: 0b111_101_101)]]));
        var path = $"pool/{name}_all.deb";
        File.WriteAllBytes(Path.Combine(Folder, path), deb);
        AddStanza(control, path, Convert.ToHexStringLower(SHA256.HashData(deb)), deb.Length);
    }

    /// <summary>Writes indexes and Release files over all that was added.</summary>
    public void Publish()
    {
        WriteSuite(Suite, string.Join('\n', _stanzas));
        if (Suite == Codename)
            WriteSuite($"{Codename}-updates", "");
    }

    /// <summary>The user's configuration that names this archive at an address; gives the folder for <c>XDG_CONFIG_HOME</c>.</summary>
    public string WriteConfiguration(string into, Uri mirror, SigningKey? key = null, string security = "none")
    {
        var folder = Directory.CreateDirectory(Path.Combine(into, "mayfly")).FullName;
        File.WriteAllBytes(Path.Combine(folder, "key.asc"), (key ?? Key).Public.ToArray());
        File.WriteAllText(Path.Combine(folder, "config.toml"), $"[debian]\nmirror = \"{mirror}\"\nsecurity = \"{security}\"\nkeys = [\"{folder}/key.asc\"]\n");
        return into;
    }

    /// <summary>A server of this archive, whose answers a test spoils: given a path and how often it was asked for.</summary>
    public FaultyServer Serve(Func<string, int, Fault?>? spoil = null)
    {
        var server = new FaultyServer();
        server.Misbehave = (path, count) =>
        {
            var file = Path.Combine(Folder, path);
            var fault = spoil?.Invoke(path, count) ?? new Fault();
            return fault.Body is null && File.Exists(file) ? fault with { Body = File.ReadAllBytes(file) } : fault;
        };
        return server;
    }

    private void AddStanza(string control, string path, string sha256, long size)
        => _stanzas.Add($"{control.TrimEnd('\n')}\nFilename: {path}\nSize: {size}\nSHA256: {sha256}\n");

    private void WriteSuite(string suite, string packages)
    {
        var plain = Encoding.UTF8.GetBytes(packages);
        var packed = ArchiveBuilder.Gzip(plain);
        var architecture = HostArchitecture.Name;
        var folder = Directory.CreateDirectory(Path.Combine(Folder, "dists", suite, "main", $"binary-{architecture}")).FullName;
        File.WriteAllBytes(Path.Combine(folder, "Packages.gz"), packed);
        var release = $"""
            Origin: Debian
            Label: Debian
            Suite: {suite}
            Codename: {suite}
            Date: {Stamp(DateTimeOffset.UtcNow.AddHours(-1))}
            Architectures: amd64 arm64
            Components: main
            SHA256:
             {Convert.ToHexStringLower(SHA256.HashData(plain))} {plain.Length} main/binary-{architecture}/Packages
             {Convert.ToHexStringLower(SHA256.HashData(packed))} {packed.Length} main/binary-{architecture}/Packages.gz

            """;
        File.WriteAllText(Path.Combine(Folder, "dists", suite, "InRelease"), Key.Sign(EditRelease(release)));
    }

    public static string Stamp(DateTimeOffset time) => time.ToString("ddd, dd MMM yyyy HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);
}
