using System.Text.Json;
using Mayfly.Packages.Tests.Debian.Licences;
using Mayfly.Tests.Materials;
using Mayfly.Tests.Shared.Licences;

namespace Mayfly.EndToEnd.Tests;

/// <summary>The licences of the shop's packages, and its bills of materials.</summary>
public sealed partial class ShopTests
{
    [Fact]
    [Trait("needs", "oracle")]
    public async Task Its_copyright_files_are_read_as_Debian_reads_them()
    {
        shop.Restore();
        using var licences = JsonDocument.Parse((await Tool.MayflyAsync("licenses", shop.Folder, "--json")).Succeeded().Output);
        var all = licences.RootElement.GetProperty("packages").EnumerateArray().ToList();
        Assert.Equal("Apache-2.0", all.Single(static package => package.GetProperty("architecture").GetString() == "python").GetProperty("licence").GetString());
        var packages = all.Where(static package => package.GetProperty("architecture").GetString() != "python").ToList();
        Assert.True(packages.Count > 150, $"the shop has {packages.Count} packages only");
        // Every package of Debian has its file, its own or another's.
        Assert.All(packages, package => Assert.NotNull(package.GetProperty("file").GetString()));
        string[] names = [.. packages.Select(package => package.GetProperty("name").GetString()!)];
        string[] texts = [.. packages.Select(package => CopyrightComparison.Text(package.GetProperty("file").GetString()!))];

        var (readable, differences) = CopyrightComparison.Compare(names, texts, CopyrightOracle.Read(texts));

        Assert.True(differences.Count == 0, string.Join("\n", differences));
        Assert.Equal(readable, packages.Count(package => package.GetProperty("paragraphs").GetArrayLength() > 0));
    }

    [Theory]
    [InlineData("cyclonedx")]
    [InlineData("spdx")]
    public async Task Its_bill_of_materials_is_what_the_published_schema_wants_and_always_the_same(string format)
    {
        shop.Restore();
        var first = (await Tool.MayflyAsync("sbom", shop.Folder, "--format", format)).Succeeded().Output;
        Assert.Empty(PublishedSchema.Complaints(format, System.Text.Encoding.UTF8.GetBytes(first)));
        Assert.Contains("pkg:deb/debian/nginx@", first);
        Assert.Contains("pkg:pypi/addresses@1.0", first);
        Assert.Equal(first, (await Tool.MayflyAsync("sbom", shop.Folder, "--format", format)).Succeeded().Output);
    }

    [Fact]
    public async Task A_policy_refuses_before_anything_is_built_or_changes()
    {
        shop.Restore();
        (await shop.UpAsync()).Succeeded();
        var images = (await Tool.MayflyAsync("image", "list")).Succeeded().Output;
        shop.Edit("stack.cs", "return await", "shop.Licences.Deny(\"PostgreSQL\");\nreturn await");
        // There would be something to build.
        shop.Edit("app/catalogue/templates/catalogue/base.html", "</footer>", "<!-- never seen --></footer>");

        // A dozen packages hold something of PostgreSQL's; the message names each, its file and the rule.
        (await shop.UpAsync()).Refused("the licence policy of shop-tried refuses", "postgresql-15 15.", "PostgreSQL in /usr/share/doc/postgresql-15/copyright line ", "Deny(\"PostgreSQL\")", "Licences.AllowPackage(\"", "because: ");
        (await Tool.MayflyAsync("plan", shop.Folder)).Refused("the licence policy of shop-tried refuses");
        (await Tool.MayflyAsync("licenses", shop.Folder)).Refused("the licence policy of shop-tried refuses");
        Assert.Equal(images, (await Tool.MayflyAsync("image", "list")).Succeeded().Output);
        Assert.DoesNotContain("never seen", await shop.GetAsync("search/?q=never-seen"), StringComparison.Ordinal);

        // One package with a reason, and every other one that has it is still refused.
        shop.Edit("stack.cs", "Deny(\"PostgreSQL\")", "Deny(\"PostgreSQL\").AllowPackage(\"postgresql-15\", because: \"it is the database\")");
        var others = (await Tool.MayflyAsync("plan", shop.Folder)).Refused("the licence policy of shop-tried refuses", "libpq5 15.");
        Assert.DoesNotContain("postgresql-15 15.", others.Error, StringComparison.Ordinal);

        shop.Edit("stack.cs", "Deny(\"PostgreSQL\")", "Deny(\"PostgreSQL\").Allow(\"PostgreSQL*\").AcceptUnread()");
        (await Tool.MayflyAsync("licenses", shop.Folder, "--component", "www")).Refused("nginx 1.", "only what Allow names may pass");
    }
}
