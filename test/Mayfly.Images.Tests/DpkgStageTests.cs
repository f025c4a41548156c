using Mayfly.Images.Dpkg;
using Mayfly.Packages;
using Mayfly.Packages.Debian;

namespace Mayfly.Images.Tests;

public sealed class DpkgStageTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mayfly-stages-").FullName;

    /// <summary>Stages of one package each; in capitals those that have a preinst before the name, or a postinst after it.</summary>
    [Theory]
    [InlineData("a b c", "a b c")]
    [InlineData("aP b c", "aP|b c")]
    [InlineData("a bP c d", "a bP|c d")]
    [InlineData("a Ib c", "a|Ib c")]
    [InlineData("a IbP Ic", "a|IbP|Ic")]
    public async Task Stages_are_one_where_no_script_could_tell(string packages, string joined)
    {
        var stages = await Task.WhenAll(packages.Split(' ').Select(async name => await StageAsync(name)));
        Assert.Equal(joined, Text(DpkgStage.Joined(stages, overNothing: false)));
    }

    [Fact]
    public async Task The_beginning_of_a_base_and_what_is_configured_with_all_the_rest_stay_apart()
    {
        DpkgStage[] stages = [await StageAsync("a"), await StageAsync("b"), await StageAsync("c"), await StageAsync("d") with { Configured = [] }, await StageAsync("e")];
        Assert.Equal("a|b c|d|e", Text(DpkgStage.Joined(stages, overNothing: true)));
    }

    private static string Text(IReadOnlyList<DpkgStage> stages)
    {
        Assert.All(stages, static stage => Assert.True(stage.Configured.Count == 0 || stage.Configured.SequenceEqual(stage.Packages)));
        return string.Join('|', stages.Select(static stage => string.Join(' ', stage.Packages.Select(static package => $"{Mark(package, "preinst", "I")}{package.Name}{Mark(package, "postinst", "P")}"))));

        static string Mark(DpkgPackage package, string script, string mark) => File.Exists(Path.Combine(package.Unpacked.ControlFolder, script)) ? mark : "";
    }

    private async Task<DpkgStage> StageAsync(string name)
    {
        var store = Store.Open($"{_folder}/store");
        var scripts = new Dictionary<string, string>();
        if (name.StartsWith('I'))
            scripts["preinst"] = "#!/bin/sh\n";
        if (name.EndsWith('P'))
            scripts["postinst"] = "#!/bin/sh\n";
        var (locked, deb) = SmallPackage.Make(name.Trim('I', 'P'), scripts, [($"/usr/share/{name}", "x"u8.ToArray())]);
        File.WriteAllBytes(store.PathOf(StoreArea.Artifacts, locked.Sha256), deb);
        var package = DpkgPackage.Read((await Unpack.AllAsync(store, [locked]))[0], locked);
        return new DpkgStage([package], [package]);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
