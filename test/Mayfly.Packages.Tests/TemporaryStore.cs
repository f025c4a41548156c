using System.Security.Cryptography;

namespace Mayfly.Packages.Tests;

/// <summary>A store in a folder of its own, gone with the test.</summary>
internal sealed class TemporaryStore : IDisposable
{
    public TemporaryStore() => Store = Store.Open(Folder);

    public string Folder { get; } = Directory.CreateTempSubdirectory("mayfly-test-").FullName;

    public Store Store { get; }

    /// <summary>Puts bytes where a fetched artifact would be and gives the package that names them.</summary>
    public LockedPackage Add(string name, byte[] bytes)
    {
        var package = PackageOf(name, bytes);
        File.WriteAllBytes(Store.PathOf(StoreArea.Artifacts, package.Sha256), bytes);
        return package;
    }

    public static LockedPackage PackageOf(string name, byte[] bytes) => new()
    {
        Name = name,
        Version = "1.0",
        Architecture = "amd64",
        Sha256 = Convert.ToHexStringLower(SHA256.HashData(bytes)),
        Size = bytes.Length,
        Path = $"pool/main/{name[0]}/{name}/{name}_1.0_amd64.deb",
        Release = "test",
    };

    /// <summary>Everything below an area, for tests that nothing half-done is left.</summary>
    public string[] Entries(StoreArea area) => Directory.GetFileSystemEntries(Store.Folder(area));

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
