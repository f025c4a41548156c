namespace Mayfly.EndToEnd.Tests.Faults;

/// <summary>Packages that cannot be had together, or that no honest tool would make, through <c>mayfly image build</c> and <c>up</c>.</summary>
[Collection(OnFaultGround.Name), Trait("needs", "root")]
public sealed class PackageFaultTests(FaultGround ground)
{
    [Theory]
    [InlineData("no-such-package-anywhere", "no-such-package-anywhere")]
    [InlineData("lib=9.9", "lib", "9.9", "1.0")]
    [InlineData("wants-old,wants-new", "wants-old", "wants-new", "lib")]
    public async Task What_cannot_be_resolved_is_explained_in_words(string packages, params string[] words)
        => await RefusedAsync(packages, words);

    [Theory]
    [InlineData("leaves-tree", "a name that may leave the tree")]
    [InlineData("absolute-name", "an absolute name")]
    [InlineData("through-own-link", "passes through")]
    [InlineData("hard-link-out", "a hard link to the absolute name /etc/shadow")]
    [InlineData("device", "device file")]
    public async Task An_archive_that_reaches_out_of_its_tree_is_refused_whole(string package, string why)
    {
        await RefusedAsync(package, package, why);
        Assert.False(Path.Exists($"/etc/{package}"));
    }

    [Fact]
    public async Task A_file_below_another_package_s_link_out_of_the_tree_stays_in_the_image()
    {
        const string Name = "through-others-link";
        var output = Path.Combine(ground.NewFolder(), "tree.tar");
        var run = await FaultGround.MayflyAsync(ground.Store, ground.Configuration, "image", "build", "--install", Name, "--name", Name, "--output", output, "--format", "tar");
        // dpkg follows such a link, inside the image's own root and never outside.
        Assert.False(File.Exists($"/tmp/{Name}"));
        Assert.Equal(0, run.ExitCode);
        using var tree = new System.Formats.Tar.TarReader(File.OpenRead(output));
        var found = false;
        while (!found && await tree.GetNextEntryAsync() is { } entry)
            found = entry.Name.Contains(Name, StringComparison.Ordinal);
        Assert.True(found, $"{Name} is nowhere in the tree");
    }

    [Fact]
    public async Task Two_packages_that_claim_one_path_are_refused()
    {
        var before = StoreState.Of(ground.Store).Where(IsBuilt);
        (await FaultGround.BuildAsync(ground.Store, ground.Configuration, "lib,claims")).Refused("usr/share/lib/text", "lib", "claims");
        // Each of them is well, and stays unpacked.
        Assert.Equal(before, StoreState.Of(ground.Store).Where(IsBuilt));
        Assert.Empty(StoreState.Abandoned(ground.Store));

        static bool IsBuilt(string entry) => !entry.StartsWith("unpacked/", StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("unknown-package", "pages", "no-such-package-anywhere")]
    [InlineData("impossible-versions", "pages", "wants-old", "wants-new")]
    [InlineData("no-such-version", "pages", "lib", "9.9")]
    public async Task What_a_stack_cannot_have_is_told_with_the_component_that_wants_it(string fault, params string[] words)
    {
        foreach (var verb in (string[])["plan", "lock", "up"])
            (await ground.StackAsync(verb, fault)).Refused(words);
        Assert.False(File.Exists(Path.Combine(ground.StackFolder, "stack.lock")));
    }

    private async Task RefusedAsync(string packages, params string[] words)
    {
        var before = StoreState.Of(ground.Store);
        (await FaultGround.BuildAsync(ground.Store, ground.Configuration, packages)).Refused(words);
        Assert.Equal(before, StoreState.Of(ground.Store));
        Assert.Empty(StoreState.Abandoned(ground.Store));
    }
}
