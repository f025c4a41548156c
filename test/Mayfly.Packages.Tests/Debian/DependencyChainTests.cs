using Mayfly.Packages.Debian;

namespace Mayfly.Packages.Tests.Debian;

public sealed class DependencyChainTests
{
    private static readonly PackageRelations[] Set =
    [
        Package("web", "Depends: framework, lib (>= 2)"),
        Package("framework", "Pre-Depends: runtime\nDepends: absent | mail-transport-agent"),
        Package("runtime", "Depends: lib\nRecommends: docs"),
        Package("lib", "", "2"),
        Package("postfix", "Provides: mail-transport-agent\nDepends: runtime"),
        Package("docs", ""),
        Package("alone", ""),
    ];

    [Fact]
    public void The_shortest_chain_is_told_link_by_link()
    {
        Assert.Equal(["web: asked", "lib: web depends on lib (>= 2)"], To("lib"));
        Assert.Equal(["web: asked", "framework: web depends on framework", "runtime: framework pre-depends on runtime", "docs: runtime recommends docs"], To("docs"));
    }

    [Fact]
    public void Whatever_of_the_alternatives_is_there_counts_by_what_it_provides_too()
        => Assert.Equal(["web: asked", "framework: web depends on framework", "postfix: framework depends on absent | mail-transport-agent"], To("postfix"));

    [Fact]
    public void A_request_for_a_virtual_package_leads_to_its_provider()
        => Assert.Equal(["postfix: asked"], DependencyChain.To(Set, [("mail-transport-agent", "asked")], "postfix").Select(Text));

    [Fact]
    public void What_nothing_leads_to_has_no_chain()
    {
        Assert.Empty(To("alone"));
        Assert.Empty(To("unknown"));
    }

    [Fact]
    public void A_circle_of_dependencies_ends()
    {
        PackageRelations[] circle = [Package("a", "Depends: b"), Package("b", "Depends: a, c"), Package("c", "Depends: b")];
        Assert.Equal(["a: asked", "b: a depends on b", "c: b depends on c"], DependencyChain.To(circle, [("a", "asked")], "c").Select(Text));
    }

    [Fact]
    public void Each_architecture_has_a_chain_of_its_own()
    {
        PackageRelations[] set =
        [
            Package("wine", "Depends: lib, wine32:i386, tool:any"), Package("wine32", "Depends: lib, fonts", architecture: "i386"), Package("lib", "Multi-Arch: same"),
            Package("lib", "Multi-Arch: same\nDepends: base", architecture: "i386"), Package("fonts", "Multi-Arch: foreign", architecture: "all"), Package("base", "", architecture: "i386"), Package("tool", "Multi-Arch: allowed"),
        ];
        Assert.Equal(["wine: asked", "lib: wine depends on lib"], Chain("lib"));
        Assert.Equal(["wine: asked", "wine32:i386: wine depends on wine32:i386", "lib:i386: wine32:i386 depends on lib"], Chain("lib:i386"));
        Assert.Equal(["wine: asked", "wine32:i386: wine depends on wine32:i386", "fonts: wine32:i386 depends on fonts"], Chain("fonts"));
        Assert.Equal(["wine: asked", "tool: wine depends on tool:any"], Chain("tool"));
        Assert.Equal(["wine32:i386: asked", "lib:i386: wine32:i386 depends on lib", "base:i386: lib:i386 depends on base"], Chain("base:i386", "wine32"));

        IEnumerable<string> Chain(string key, string root = "wine") => DependencyChain.To(set, [(root, "asked")], key).Select(Text);
    }

    [Fact]
    public void Where_Recommends_bring_nothing_in_they_are_no_reason()
        => Assert.Empty(DependencyChain.To(Set, [("web", "asked")], "docs", recommends: false));

    private static IEnumerable<string> To(string name) => DependencyChain.To(Set, [("web", "asked")], name).Select(Text);

    private static string Text(ChainLink link) => link.From is null ? $"{link.Package.Key}: {link.Reason}" : $"{link.Package.Key}: {link.From.Key} {link.Reason}";

    private static PackageRelations Package(string name, string fields, string version = "1", string architecture = "amd64")
        => LockedRelations.Read($"Package: {name}\nVersion: {version}\n{fields}\n", architecture, "amd64");
}
