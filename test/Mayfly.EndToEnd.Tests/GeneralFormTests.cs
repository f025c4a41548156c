namespace Mayfly.EndToEnd.Tests;

[Collection(OnThisHost.Name)]
[Trait("needs", "root")]
public sealed class GeneralFormTests
{
    [Fact]
    public async Task A_server_that_mayfly_never_heard_of_goes_live_on_the_general_form_alone()
    {
        using var workspace = new Workspace();
        workspace.Copy(Path.Combine(Tool.Repository, "examples"), "");
        workspace.Copy(Path.Combine(Tool.Repository, "test/Mayfly.EndToEnd.Tests/stacks/unheard"), "unheard");
        var folder = workspace.FolderOf("unheard");
        try
        {
            (await Tool.MayflyAsync("up", folder)).Succeeded();
            using var client = new HttpClient();
            Assert.Contains("served by pages.unheard.internal", await client.GetStringAsync("http://localhost:8085/about.html"));
            Assert.Contains("hello.html", (await Tool.MayflyAsync("task", folder, "list")).Succeeded().Output);
            Assert.Equal("blue", (await Tool.MayflyAsync("exec", folder, "pages", "--", "sh", "-c", "echo $COLOUR")).Succeeded().Output.Trim());
        }
        finally
        {
            (await Tool.MayflyAsync("down", folder, "--volumes")).Succeeded();
        }

        Assert.Empty(await Leftovers.FindAsync("unheard"));
    }
}
