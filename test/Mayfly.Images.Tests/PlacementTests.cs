using CsCheck;
using Mayfly.Images.Placing;
using Mayfly.Linux;
using Mayfly.Packages.Debian;
using static Mayfly.Images.Tests.PlannedTree;

namespace Mayfly.Images.Tests;

public sealed class PlacementTests
{
    private static Placed Single(Placement plan, string path) => Assert.Single(plan.Names, name => name.Path == path);

    [Fact]
    public void A_file_is_linked_from_the_store_and_its_folders_come_first()
    {
        var names = new PlannedTree().Plan(Package("a", Dir("usr"), Dir("usr/bin"), Text("usr/bin/x", content: 3))).Names.ToArray();
        Assert.Equal(["", "usr", "usr/bin", "usr/bin/x"], names.Select(name => name.Path));
        Assert.Equal("/store/a/3", names[3].Source);
        Assert.False(names[3].Copy);
    }

    [Fact]
    public void Names_through_a_merged_usr_arrive_behind_the_link()
    {
        var plan = new PlannedTree().Folder("usr").Folder("usr/bin").Link("bin", "usr/bin").Plan(Package("a", Dir("bin"), Text("bin/x")));
        Assert.Equal("usr/bin/x", plan.Names.Last().Path);
        Assert.DoesNotContain(plan.Names, name => name.Path == "bin");
    }

    [Fact]
    public void A_diverted_folder_is_made_empty_under_the_other_name_and_files_go_behind_the_link()
    {
        var tree = new PlannedTree { Diversions = Diversions.Parse("/bin\n/bin.usr-is-merged\nbase-files\n") }.Folder("usr").Folder("usr/bin").Link("bin", "usr/bin");
        var plan = tree.Plan(Package("a", Dir("bin"), Text("bin/x")), Package("b", Dir("bin"), Text("bin/y")));
        Assert.Equal(["", "bin.usr-is-merged", "usr", "usr/bin", "usr/bin/x", "usr/bin/y"], plan.Names.Select(static name => name.Path));
        Assert.DoesNotContain(tree.Plan(Package("base-files", Dir("bin"))).Names, static name => name.Path == "bin.usr-is-merged");
    }

    [Fact]
    public void Merged_folders_are_links_before_any_package()
    {
        var plan = new Placement(new EmptyView(), Diversions.None, StatOverrides.None, Accounts.None, () => InstalledFiles.None);
        plan.AddMergedFolders(["bin"]);
        plan.Add(Package("a", Dir("bin"), Text("bin/x")));
        Assert.Equal(NodeKind.Link, Single(plan, "bin").Kind);
        Assert.Equal("usr/bin", Single(plan, "bin").Target);
        Single(plan, "usr/bin/x");
    }

    [Fact]
    public void An_absolute_link_stays_inside_the_root()
    {
        var plan = new PlannedTree().Folder("run").Folder("var").Link("var/run", "/run").Plan(Package("a", Text("var/run/x")));
        Single(plan, "run/x");
    }

    [Theory]
    [InlineData("../../../../etc")]
    [InlineData("/../../etc")]
    public void A_link_that_climbs_out_ends_at_the_root(string target)
    {
        var plan = new PlannedTree().Folder("etc").Link("out", target).Plan(Package("a", Text("out/x")));
        Single(plan, "etc/x");
    }

    [Fact]
    public void Links_in_a_circle_are_refused() =>
        Assert.Contains("circle", Assert.Throws<MayflyException>(() => new PlannedTree().Link("a", "b").Link("b", "a").Plan(Package("p", Text("a/x")))).Message);

    [Theory]
    [InlineData("../x")]
    [InlineData("usr/../../x")]
    [InlineData("usr//x")]
    [InlineData("./x")]
    [InlineData("/etc/x")]
    public void A_path_that_leaves_the_tree_is_refused(string path) =>
        Assert.Contains("leave the tree", Assert.Throws<MayflyException>(() => new PlannedTree().Plan(Package("p", Text(path)))).Message);

    [Theory]
    [InlineData("/etc")]
    [InlineData("../etc")]
    [InlineData("etc")]
    public void A_package_may_not_write_through_its_own_link(string target)
    {
        var failure = Assert.Throws<MayflyException>(() => new PlannedTree().Folder("etc").Plan(Package("p", Symlink("door", target), Text("door/passwd"))));
        Assert.Contains("its own link", failure.Message);
    }

    [Fact]
    public void A_package_may_not_write_through_its_own_link_behind_another_link() =>
        Assert.Throws<MayflyException>(() => new PlannedTree().Folder("etc").Plan(Package("p", Symlink("one", "etc"), Symlink("two", "one"), Text("two/x"))));

    [Fact]
    public void A_folder_over_a_link_to_a_folder_keeps_the_link()
    {
        var plan = new PlannedTree().Folder("usr").Folder("usr/lib").Link("lib", "usr/lib").Plan(Package("a", Dir("lib"), Dir("lib/m"), Text("lib/m/x")));
        Assert.DoesNotContain(plan.Names, name => name.Path == "lib");
        Single(plan, "usr/lib/m/x");
    }

    [Fact]
    public void A_link_over_a_folder_does_nothing()
    {
        var plan = new PlannedTree().Folder("doc").Plan(Package("a", Symlink("doc", "elsewhere")));
        Assert.DoesNotContain(plan.Names, name => name.Kind == NodeKind.Link);
    }

    [Fact]
    public void A_file_over_a_folder_is_refused() =>
        Assert.Throws<MayflyException>(() => new PlannedTree().Folder("doc").Plan(Package("a", Text("doc"))));

    [Fact]
    public void A_folder_keeps_the_mode_of_its_first_owner()
    {
        var plan = new PlannedTree().Plan(Package("a", Dir("srv", 0b111_000_000)), Package("b", Dir("srv", 0b111_111_111), Text("srv/x")));
        Assert.Equal(0b111_000_000, Single(plan, "srv").Mode);
    }

    [Fact]
    public void A_folder_that_lies_below_is_repeated_with_its_mode_and_owner()
    {
        var plan = new PlannedTree().Folder("srv", 0b111_000_000, user: 33).Plan(Package("b", Dir("srv"), Text("srv/x")));
        Assert.Equal((0b111_000_000, 33), (Single(plan, "srv").Mode, Single(plan, "srv").User));
    }

    [Fact]
    public void A_folder_that_only_lies_below_is_not_repeated() =>
        Assert.Empty(new PlannedTree().Folder("srv").Plan(Package("b", Dir("srv"))).Names);

    [Fact]
    public void A_diverted_file_goes_elsewhere_except_the_diverters_own()
    {
        var tree = new PlannedTree { Diversions = Diversions.Parse("/bin/sh\n/bin/sh.distrib\ndash\n") };
        Single(tree.Plan(Package("bash", Text("bin/sh"))), "bin/sh.distrib");
        Single(tree.Plan(Package("dash", Text("bin/sh"))), "bin/sh");
    }

    [Fact]
    public void A_local_diversion_exempts_nobody()
    {
        var tree = new PlannedTree { Diversions = Diversions.Parse("/bin/sh\n/bin/sh.mine\n:\n") };
        Single(tree.Plan(Package("dash", Text("bin/sh"))), "bin/sh.mine");
    }

    [Fact]
    public void An_override_decides_owner_and_mode_and_copies()
    {
        var tree = new PlannedTree { Overrides = StatOverrides.Parse("root ssl 2755 /usr/bin/x\n#5 #6 640 /y\n"), Accounts = Accounts.Parse("root:x:0:0:::", "ssl:x:102:") };
        var plan = tree.Plan(Package("a", Text("usr/bin/x"), Text("y")));
        var (x, y) = (Single(plan, "usr/bin/x"), Single(plan, "y"));
        Assert.Equal((0, 102, 0b010_111_101_101, true), (x.User, x.Group, x.Mode, x.Copy));
        Assert.Equal((5, 6, 0b110_100_000), (y.User, y.Group, y.Mode));
    }

    [Fact]
    public void An_override_for_an_unknown_account_is_an_error() =>
        Assert.Contains("nobody-here", Assert.Throws<MayflyException>(() => new PlannedTree { Overrides = StatOverrides.Parse("nobody-here root 644 /x\n") }.Plan(Package("a", Text("x")))).Message);

    [Fact]
    public void An_owner_goes_by_name_where_the_image_knows_it()
    {
        var tree = new PlannedTree { Accounts = Accounts.Parse("man:x:6:12:::", "man:x:12:") };
        var placed = Single(tree.Plan(Package("a", Text("x") with { User = "man", UserId = 99, Group = "other", GroupId = 7 })), "x");
        Assert.Equal((6, 7, true), (placed.User, placed.Group, placed.Copy));
    }

    [Fact]
    public void Configuration_files_wait_for_dpkg_as_copies()
    {
        var placed = Single(new PlannedTree().Plan(Package("a", Text("etc/a.conf")) with { Conffiles = new HashSet<string> { "etc/a.conf" } }), "etc/a.conf.dpkg-new");
        Assert.True(placed.Copy);
    }

    [Fact]
    public void Two_packages_with_one_configuration_file_are_refused()
    {
        var conffiles = new HashSet<string> { "etc/a.conf" };
        Assert.Throws<MayflyException>(() => new PlannedTree().Plan(
            Package("a", Text("etc/a.conf")) with { Conffiles = conffiles }, Package("b", Text("etc/a.conf")) with { Conffiles = conffiles }));
    }

    [Fact]
    public void Two_packages_with_one_file_are_refused_by_name()
    {
        var failure = Assert.Throws<MayflyException>(() => new PlannedTree().Plan(Package("a", Text("x")), Package("b", Text("x"))));
        Assert.Equal("packages b and a both bring /x, and neither says that it replaces the other", failure.Message);
        Assert.NotNull(failure.Hint);
    }

    [Fact]
    public void Two_names_of_one_file_through_a_link_are_one_file() =>
        Assert.Throws<MayflyException>(() => new PlannedTree().Folder("usr").Folder("usr/bin").Link("bin", "usr/bin").Plan(Package("a", Text("bin/x")), Package("b", Text("usr/bin/x"))));

    [Fact]
    public void A_package_that_replaces_another_takes_its_file()
    {
        var plan = new PlannedTree().Plan(Package("a", Text("x", content: 1)), Package("b", Text("x", content: 2)) with { Replaces = RelationField.Parse("a (<< 2)") });
        Assert.Equal("/store/b/2", Single(plan, "x").Source);
        Assert.Equal([new LostFile("a", "x")], plan.Lost);
    }

    [Fact]
    public void A_replaced_package_that_comes_later_leaves_the_file()
    {
        var plan = new PlannedTree().Plan(Package("b", Text("x", content: 2)) with { Replaces = RelationField.Parse("a") }, Package("a", Text("x", content: 1)));
        Assert.Equal("/store/b/2", Single(plan, "x").Source);
        Assert.Empty(plan.Lost);
    }

    [Fact]
    public void Replaces_holds_for_the_versions_it_names() =>
        Assert.Throws<MayflyException>(() => new PlannedTree().Plan(Package("a", Text("x")), Package("b", Text("x")) with { Replaces = RelationField.Parse("a (<< 1)") }));

    [Fact]
    public void Installed_packages_keep_or_lose_files_by_the_same_rule()
    {
        Assert.Throws<MayflyException>(() => new PlannedTree().File("x", owner: "a").Plan(Package("b", Text("x"))));
        Assert.Equal([new LostFile("a", "x")], new PlannedTree().File("x", owner: "a").Plan(Package("b", Text("x")) with { Replaces = RelationField.Parse("a") }).Lost);
        Assert.DoesNotContain(new PlannedTree().File("x", owner: "a", replaces: "b").Plan(Package("b", Text("x"))).Names, name => name.Path == "x");
    }

    [Fact]
    public void A_file_that_nobody_owns_gives_way() => Single(new PlannedTree().File("x").Plan(Package("b", Text("x"))), "x");

    [Fact]
    public void Hard_links_share_the_stores_file_or_the_first_copy()
    {
        var linked = new PlannedTree().Plan(Package("a", Text("one", 4), Hardlink("two", "one", 4)));
        Assert.Equal(("/store/a/4", false), (Single(linked, "two").Source, Single(linked, "two").Copy));
        var copied = new PlannedTree { Overrides = StatOverrides.Parse("#0 #0 600 /one\n") }.Plan(Package("a", Text("one", 4), Hardlink("two", "one", 4)));
        Assert.Equal(("one", 0b110_000_000), (Single(copied, "two").SameAs, Single(copied, "two").Mode));
    }

    [Fact]
    public void A_store_that_a_user_unpacked_is_copied() =>
        Assert.True(Single(new PlannedTree().Plan(Package("a", Text("x")) with { OwnersApplied = false }), "x").Copy);

    /// <summary>Whatever packages ask for, each planned name has a folder before it, and no path is planned twice or leaves the root.</summary>
    [Fact]
    public void Any_plan_can_be_carried_out_in_order()
    {
        var part = Gen.Int[0, 3].Select(index => new[] { "a", "b", "c", "bin" }[index]);
        var path = Gen.Select(part, part, Gen.Bool, (x, y, deep) => deep ? $"{x}/{y}" : x);
        var entry = Gen.Select(path, Gen.Int[0, 3], (where, kind) => kind switch
        {
            0 => Dir(where),
            1 => Symlink(where, "../../b"),
            2 => Symlink(where, "/a/c"),
            _ => Text(where),
        });
        Gen.Select(entry.Array[1, 8], entry.Array[1, 8]).Sample(packages =>
        {
            Placement plan;
            try
            {
                plan = new PlannedTree().Folder("usr").Folder("usr/bin").Link("bin", "usr/bin").Plan(Package("p", packages.Item1), Package("q", packages.Item2));
            }
            catch (MayflyException)
            {
                return;
            }

            var folders = new HashSet<string>();
            var seen = new HashSet<string>();
            foreach (var name in plan.Names)
            {
                Assert.True(seen.Add(name.Path), name.Path);
                Assert.DoesNotContain("..", name.Path.Split('/'));
                if (name.Path.Contains('/'))
                    Assert.Contains(name.Path[..name.Path.LastIndexOf('/')], folders);
                if (name.Kind == NodeKind.Directory)
                    folders.Add(name.Path);
            }
        }, iter: 5_000, seed: "0000KOIPe3C4");
    }
}
