using Mayfly.Images.Dpkg;
using Mayfly.Packages;
using Mayfly.Packages.Debian;

namespace Mayfly.Images.Tests;

public sealed class DpkgDatabaseTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mayfly-dpkg-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("all")]
    [InlineData("i386")]
    public async Task The_native_architecture_is_dpkgs_first_whatever_the_packages_are_of(string architecture)
    {
        var store = Store.Open($"{_folder}/store");
        var (locked, deb) = SmallPackage.Make("doc", new Dictionary<string, string>(), [("/usr/share/doc/doc/readme", "read me"u8.ToArray())], architecture: architecture);
        File.WriteAllBytes(store.PathOf(StoreArea.Artifacts, locked.Sha256), deb);
        var package = DpkgPackage.Read((await Unpack.AllAsync(store, [locked]))[0], locked);
        var folder = $"{_folder}/layer/{DpkgDatabase.Folder}";
        Directory.CreateDirectory($"{folder}/info");
        Directory.CreateDirectory($"{folder}/triggers");

        DpkgDatabase.Read($"{_folder}/layer").Write($"{_folder}/layer", [package], [], static (path, _) => path);

        Assert.Equal(architecture == "all" ? [HostArchitecture.Name] : [HostArchitecture.Name, architecture], File.ReadAllLines($"{folder}/arch"));
        Assert.Equal("doc", DpkgDatabase.Read($"{_folder}/layer").Stanzas().Select(static fields => ControlStanza.Find(fields, "Package")).Single());
    }
}
