using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Mayfly.Environments.Tests;
using Mayfly.Packages.Python;
using Mayfly.Packages.Tests.Debian;

namespace Mayfly.Cli.Tests;

/// <summary><c>pip</c> in environments of ours, with pip itself as the judge.</summary>
[Trait("needs", "oracle")]
public sealed partial class PipInEnvironments : IDisposable
{
    private readonly Folder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>Typed in the same order with both; what both print, on either stream, and their exit codes are the same.</summary>
    private const string Session = """
        say() { echo "\$ pip $*"; "$P" "$@"; echo "[$?]"; }
        say list; say freeze
        say install alpha; say install alpha; say install 'beta<2'; say install -U beta; say install -U beta
        say list; say list --format=freeze; say list --format json; say list --exclude gamma-x; say list --format bogus
        say freeze; say show alpha gamma-x nosuch; say show nosuch; say show; say show -f gamma.x
        say install nosuch; say install 'beta>5'; say install 'beta>5,<7' alpha; say install 'x y'; say install; say install -r nosuch.txt
        say uninstall -y beta gamma_x; say uninstall -y nosuch; say uninstall; say uninstall -r nosuch.txt
        say install -r req.txt; say install -r req.txt; say uninstall -y -r req.txt
        say install --no-deps alpha; say install --dry-run gamma_x; say install --force-reinstall --no-deps beta==1.0
        say install --force-reinstall --no-deps beta==1.0; say install -q gamma_x; say install -c limits.txt delta; say install 'delta[more]'
        say download -d dl alpha; say download -d dl alpha; ls dl
        for answer in n y Y ''; do echo "$answer" | "$P" uninstall beta; echo "[$?]"; done
        say list -q; say list; say uninstall -y alpha delta epsilon gamma_x
        say install 'beta<2' alpha epsilon; say install --force-reinstall alpha; say install -q 'beta<2'; say install --force-reinstall --upgrade alpha; say list
        say uninstall -y alpha beta epsilon gamma_x
        """;

    private string Wheels()
    {
        var wheels = Directory.CreateDirectory($"{_folder.Path}/wheels").FullName;
        WheelFile.WriteWith(wheels, "alpha", "1.0", new Dictionary<string, string> { ["alpha/__init__.py"] = "", ["alpha/x.py"] = "def main():\n    print('alpha runs')\n", ["alpha-1.0.dist-info/entry_points.txt"] = "[console_scripts]\nalpha = alpha.x:main\n" },
            "Name: Alpha\nSummary: The first\nHome-page: x:y\nAuthor: A. N. Other\nLicense: MIT\nRequires-Dist: beta>=1\nRequires-Dist: gamma_x; python_version>'3'\nRequires-Dist: nothing; python_version<'3'\n");
        WheelFile.Write(wheels, "beta", "1.0", new Dictionary<string, string> { ["beta.py"] = "" });
        WheelFile.WriteWith(wheels, "beta", "2.0", new Dictionary<string, string> { ["beta.py"] = "" }, "Name: beta\nSummary: The second\n");
        WheelFile.Write(wheels, "gamma_x", "1.0", new Dictionary<string, string> { ["gamma.py"] = "" });
        WheelFile.WriteWith(wheels, "delta", "1.0", new Dictionary<string, string> { ["delta.py"] = "" }, "Name: delta\nProvides-Extra: more\nRequires-Dist: epsilon<3,>=1; extra == 'more'\n");
        WheelFile.Write(wheels, "delta", "2.0", new Dictionary<string, string> { ["delta.py"] = "" });
        WheelFile.Write(wheels, "epsilon", "1.0", new Dictionary<string, string> { ["epsilon.py"] = "" });
        return wheels;
    }

    private ShellUnderTest Here(string name)
    {
        var here = new ShellUnderTest("bash", Directory.CreateDirectory($"{_folder.Path}/{name}").FullName);
        here.TakeWords(_folder);
        return here;
    }

    private string Settings() => $"export PIP_NO_INDEX=1 PIP_FIND_LINKS={(Directory.Exists($"{_folder.Path}/wheels") ? $"{_folder.Path}/wheels" : Wheels())} PIP_DISABLE_PIP_VERSION_CHECK=1\n";

    [Fact]
    public void Pip_says_and_does_what_pip_says_and_does()
    {
        var (ours, theirs) = (Here("ours"), Here("them"));
        Assert.Contains("made ", ours.Run("mayfly env create ./env --python /usr/bin/python3"));
        theirs.Run("virtualenv -q -p /usr/bin/python3 --no-setuptools --no-wheel env");
        foreach (var here in (ShellUnderTest[])[ours, theirs])
        {
            File.WriteAllText($"{here.Home}/req.txt", "alpha\nbeta==1.0\n");
            File.WriteAllText($"{here.Home}/limits.txt", "delta<2\n");
        }

        var session = $"{Settings()}P=$PWD/env/bin/pip\n{Session}";
        string said = ours.Run(session).Replace(ours.Home, "HOME"), judged = theirs.Run(session).Replace(theirs.Home, "HOME");
        judged = OnlyInTheirs().Replace(judged, "");
        Assert.Equal(judged, said);
    }

    /// <summary>The same over an index, with names, markers and circles that only there make a difference.</summary>
    [Fact]
    public void Pip_says_of_an_index_what_pip_says()
    {
        var wheels = Wheels();
        WheelFile.WriteWith(wheels, "Zope.Long", "1.0", new Dictionary<string, string> { ["zope_long.py"] = new('x', 20_000) }, "Name: Zope.Long\nRequires-Dist: Beta.Y (>=1)\nRequires-Dist: aleph\n");
        WheelFile.WriteWith(wheels, "beta_y", "1.0", new Dictionary<string, string> { ["beta_y.py"] = "" }, "Name: Beta.Y\nRequires-Dist: zeta\n");
        WheelFile.WriteWith(wheels, "aleph", "1.0", new Dictionary<string, string> { ["aleph.py"] = "" }, "Name: aleph\nRequires-Dist: bet\n");
        WheelFile.WriteWith(wheels, "bet", "1.0", new Dictionary<string, string> { ["bet.py"] = "" }, "Name: bet\nRequires-Dist: aleph\n");
        WheelFile.Write(wheels, "zeta", "1.0", new Dictionary<string, string> { ["zeta.py"] = "" });
        using var index = new FaultyServer { ContentType = "text/html", Tag = "\"1\"" };
        foreach (var group in Directory.GetFiles(wheels).GroupBy(static path => ProjectName.Parse(Path.GetFileName(path).Split('-')[0]).Text))
        {
            foreach (var path in group)
                index.Files[$"{group.Key}/{Path.GetFileName(path)}"] = File.ReadAllBytes(path);
            index.Files[$"{group.Key}/"] = Encoding.UTF8.GetBytes(string.Concat(group.Order(StringComparer.Ordinal).Select(static path => $"<a href='{Path.GetFileName(path)}#sha256={Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path)))}'>{Path.GetFileName(path)}</a>\n")));
        }

        var (ours, theirs) = (Here("ours"), Here("them"));
        Assert.Contains("made ", ours.Run("mayfly env create ./env --python /usr/bin/python3"));
        theirs.Run("virtualenv -q -p /usr/bin/python3 --no-setuptools --no-wheel env");
        foreach (var here in (ShellUnderTest[])[ours, theirs])
        {
            File.WriteAllText($"{here.Home}/req.txt", "alpha\nbeta==1.0\nnothing; python_version < '3'\n");
            File.WriteAllText($"{here.Home}/limits.txt", "delta<2\n");
        }

        var session = $"export PIP_INDEX_URL={index.Address} PIP_DISABLE_PIP_VERSION_CHECK=1\nP=$PWD/env/bin/pip\n{Session}\nsay install zope-long 'delta; python_version>\"4\"'; say uninstall -y zope.long; say install Zope.Long; say install 'web=1'; say install zeta=1";
        string said = ours.Run(session).Replace(ours.Home, "HOME"), judged = theirs.Run(session).Replace(theirs.Home, "HOME");
        Assert.Equal(OnlyInTheirs().Replace(judged, ""), said);
    }

    /// <summary>pip 23.0 fetches what it has read the metadata of twice, and says so twice; later ones do not.</summary>
    [Fact]
    public void Pip_says_of_metadata_beside_wheels_what_pip_says()
    {
        var wheels = Directory.CreateDirectory($"{_folder.Path}/wheels").FullName;
        WheelFile.Write(wheels, "first", "1.0", new Dictionary<string, string> { ["first.py"] = "" }, requires: "second<3, >=1");
        WheelFile.Write(wheels, "second", "1.0", new Dictionary<string, string> { ["second.py"] = "" });
        WheelFile.Write(wheels, "second", "2.0", new Dictionary<string, string> { ["second.py"] = new('x', 2_000) }, requires: "third");
        WheelFile.Write(wheels, "third", "1.0", new Dictionary<string, string> { ["third.py"] = "" });
        using var index = new FaultyServer { ContentType = "text/html", Tag = "\"1\"" };
        foreach (var group in Directory.GetFiles(wheels).Order(StringComparer.Ordinal).GroupBy(static path => Path.GetFileName(path).Split('-')[0]))
        {
            foreach (var path in group)
            {
                var name = Path.GetFileName(path);
                using var archive = ZipFile.OpenRead(path);
                using var metadata = new StreamReader(archive.Entries.Single(static entry => entry.Name == "METADATA").Open());
                (index.Files[$"{group.Key}/{name}"], index.Files[$"{group.Key}/{name}.metadata"]) = (File.ReadAllBytes(path), Encoding.UTF8.GetBytes(metadata.ReadToEnd()));
            }

            index.Files[$"{group.Key}/"] = Encoding.UTF8.GetBytes(string.Concat(group.Select(path => $"<a href='{Path.GetFileName(path)}#sha256={Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path)))}'{(group.Key == "third" ? "" : " data-dist-info-metadata='true'")}>{Path.GetFileName(path)}</a>\n")));
        }

        var (ours, theirs) = (Here("ours"), Here("them"));
        Assert.Contains("made ", ours.Run("mayfly env create ./env --python /usr/bin/python3"));
        theirs.Run("virtualenv -q -p /usr/bin/python3 --no-setuptools --no-wheel env");
        foreach (var here in (ShellUnderTest[])[ours, theirs])
            File.WriteAllText($"{here.Home}/exact.txt", $"second==1.0 --hash=sha256:{Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes($"{wheels}/second-1.0-py3-none-any.whl")))}\n");
        var session = $$"""
            export PIP_INDEX_URL={{index.Address}} PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_CONFIG_FILE=/dev/null
            P=$PWD/env/bin/pip
            say() { echo "\$ pip $*"; "$P" "$@"; echo "[$?]"; }
            say install first; say install 'second<2'; say install -U second; say install --force-reinstall --no-deps first; say uninstall -y first second third
            say install --dry-run first; say install -r exact.txt; say download -d dl first; say download -d dl first
            """;
        var judged = Regex.Replace(theirs.Run(session).Replace(theirs.Home, "HOME"), @"((?:^Downloading .*\n)+)\1", "$1", RegexOptions.Multiline);
        Assert.Contains("  Obtaining dependency information for second<3,>=1 from ", judged, StringComparison.Ordinal);
        Assert.Equal(judged, ours.Run(session).Replace(ours.Home, "HOME"));
    }

    /// <summary>What is compiled is listed and taken away as by pip; the last of several words counts.</summary>
    [Fact]
    public void Pip_compiles_when_it_is_told_to()
    {
        var (ours, theirs) = (Here("ours"), Here("them"));
        Assert.Contains("made ", ours.Run("mayfly env create ./env --python /usr/bin/python3"));
        theirs.Run("virtualenv -q -p /usr/bin/python3 --no-setuptools --no-wheel env");
        var session = $$"""
            {{Settings()}}P=$PWD/env/bin/pip
            say() { echo "\$ pip $*"; "$P" "$@"; echo "[$?]"; find env -name '*.pyc' -path '*/[ab]*/__pycache__/*' | grep -v /pip/ | sort; "$P" show -f alpha | grep pyc; }
            say install --no-compile --compile alpha; say install --compile --no-compile beta==1.0; say install --compile --force-reinstall --no-deps beta; say uninstall -y alpha beta
            echo n | "$P" uninstall gamma_x; say download --compile beta
            """;
        var judged = theirs.Run(session).Replace(theirs.Home, "HOME");
        Assert.Contains("/alpha/__pycache__/x.cpython-311.pyc", judged);
        Assert.Equal(judged, ours.Run(session).Replace(ours.Home, "HOME"));
    }

    /// <summary>pip's own row, for in ours it is not there; and byte code, which is not written as one installs.</summary>
    [GeneratedRegex(@"^  .*__pycache__.*\n|^pip +[0-9.]+\n|^Package Version\n------- -------\n(?=pip +[0-9.]+\n\[)|^pip==[0-9.]+\n|(, )?\{""name"": ""pip"", ""version"": ""[0-9.]+""\}", RegexOptions.Multiline)]
    private static partial Regex OnlyInTheirs();

    [Fact]
    public void Anything_else_is_done_by_pip_itself_which_is_not_installed_unless_somebody_does_that()
    {
        var here = Here("one");
        var output = here.Run($"""
            {Settings()}mayfly env create ./env --python /usr/bin/python3 >/dev/null
            env/bin/python -m pip install gamma_x | tail -n 1
            env/bin/python -m pip freeze
            env/bin/pip check; env/bin/pip --version | cut -d' ' -f1-2; env/bin/pip install --help | head -n 3; env/bin/pip list
            head -n 2 env/bin/pip | tail -n 1
            env/bin/pip install -v --no-deps alpha | grep Successfully; env/bin/pip uninstall -y alpha pip 2>/dev/null | tail -n 1
            env/bin/pip install -f /usr/share/python-wheels pip | tail -n 1
            mayfly env list ./env | cut -d' ' -f1
            mayfly env remove pip --env ./env | head -n 1
            head -n 2 env/bin/pip | tail -n 1; env/bin/pip3.* list
            mayfly env copy ./env ./copy >/dev/null; rm -r env; copy/bin/pip uninstall -y gamma_x | tail -n 1
            """);
        Assert.Matches("""
            ^Successfully installed gamma_x-1.0
            gamma_x==1.0
            No broken requirements found.
            pip [0-9.]+

            Usage:   
              pip install .*
            Package Version
            ------- -------
            gamma_x 1.0
            # Mayfly's, in the place of pip.
            Successfully installed [Aa]lpha-1.0
              Successfully uninstalled Alpha-1.0
            Successfully installed pip-[0-9.]+
            gamma-x
            pip
            - pip [0-9.]+
            # Mayfly's, in the place of pip.
            Package Version
            ------- -------
            gamma_x 1.0
              Successfully uninstalled gamma_x-1.0
            $
            """, output);
    }

    [Fact]
    public void Sources_alone_and_extras_that_are_not_there_are_told()
    {
        var here = Here("one");
        var output = here.Run($"""
            {Settings()}mayfly env create ./env --python /usr/bin/python3 >/dev/null
            mkdir srconly-1.0; printf 'Metadata-Version: 2.1\nName: srconly\nVersion: 1.0\n' > srconly-1.0/PKG-INFO; printf 'from setuptools import setup; setup(name="srconly", version="1.0")' > srconly-1.0/setup.py
            tar czf srconly-1.0.tar.gz srconly-1.0
            env/bin/pip install -f . srconly 2>&1 | tail -n 2
            env/bin/pip install -q 'delta[more,nosuch]' 2>&1
            mayfly env install --env ./env 'delta[nosuch]' 2>&1 | head -n 1
            """).Replace(here.Home, "HOME", StringComparison.Ordinal);
        Assert.Equal("""
            ERROR: srconly has sources alone that would do, and building them runs its code, for which pip knows no permission
            hint: if you trust it, say the same to mayfly: mayfly env install --env HOME/env --allow-build srconly …
            WARNING: delta 2.0 does not provide the extra 'more'
            WARNING: delta 2.0 does not provide the extra 'nosuch'
            note: delta 2.0 does not have the extra nosuch

            """.ReplaceLineEndings("\n"), output);
    }

    /// <summary>What no standard has is taken for nothing said, in metadata and on pages, as pip takes it; and told, for nobody could know.</summary>
    [Fact]
    public void A_Requires_Python_that_is_none_is_told_in_pip_s_words()
    {
        var (ours, theirs) = (Here("ours"), Here("them"));
        ours.Run("mayfly env create ./env --python /usr/bin/python3");
        theirs.Run("virtualenv -q -p /usr/bin/python3 --no-setuptools --no-wheel env");
        var wheels = Wheels();
        WheelFile.WriteWith(wheels, "odd", "1.0", new Dictionary<string, string> { ["odd.py"] = "" }, "Name: odd\nRequires-Python: banana\nRequires-Dist: paged\n");
        WheelFile.Write(wheels, "paged", "1.0", new Dictionary<string, string> { ["paged.py"] = "" });
        WheelFile.WriteWith(wheels, "later", "1.0", new Dictionary<string, string> { ["later.py"] = "" }, "Name: later\nRequires-Python: >=3.99\n");
        File.WriteAllText($"{wheels}/page.html", "<!DOCTYPE html><html><body><a href='odd-1.0-py3-none-any.whl'>odd</a><a data-requires-python='banana' href='paged-1.0-py3-none-any.whl'>paged</a><a href='later-1.0-py3-none-any.whl'>later</a></body></html>");
        var session = $"""
            export PIP_NO_INDEX=1 PIP_FIND_LINKS=file://{wheels}/page.html PIP_DISABLE_PIP_VERSION_CHECK=1
            env/bin/pip install odd 2>&1 | grep -E 'WARNING|Successfully' | sort -u
            env/bin/pip install -q later 2>/dev/null; echo $?
            """;
        var judged = theirs.Run(session);
        Assert.Equal("Successfully installed odd-1.0 paged-1.0\nWARNING: Package 'odd' has an invalid Requires-Python: Invalid specifier: 'banana'\n1\n", judged);
        Assert.Equal(judged, ours.Run(session));
        Assert.Contains("note: odd 1.0 says Requires-Python: banana, which is none (PEP 440), and was taken for any Python\n", ours.Run($"{Settings()}mayfly env install --env ./env --force-reinstall odd 2>&1"));
    }

    /// <summary>pip stays where somebody has installed it, and Mayfly's stays anyway.</summary>
    [Theory]
    [InlineData("bash")]
    [InlineData("fish")]
    public void There_is_a_pip_after_wipeenv(string shell)
    {
        var here = new ShellUnderTest(shell, Directory.CreateDirectory($"{_folder.Path}/{shell}").FullName);
        here.TakeWords(_folder);
        var output = here.Run($"""
            {Settings()}source {here.Words}
            mkvirtualenv one >/dev/null
            pip install -q gamma_x
            pip check
            wipeenv >/dev/null
            pip freeze
            pip install -q -f /usr/share/python-wheels gamma_x pip
            wipeenv | tail -n 1
            pip list --format=freeze | cut -d= -f1
            """);
        Assert.Equal("No broken requirements found.\n  Successfully uninstalled gamma_x-1.0\npip\n", output);
    }

    [Fact]
    public void Plain_pip_takes_such_an_environment_for_one_of_its_own()
    {
        var here = Here("one");
        var output = here.Run($"""
            {Settings()}mayfly env create ./env --python /usr/bin/python3 >/dev/null
            virtualenv -q -p /usr/bin/python3 --no-setuptools --no-wheel plain
            plain/bin/pip --python env install alpha | tail -n 1
            plain/bin/pip --python env list
            env/bin/pip list
            env/bin/alpha
            """);
        const string List = "Package Version\n------- -------\nAlpha   1.0\nbeta    2.0\ngamma_x 1.0\n";
        Assert.Equal($"Successfully installed alpha-1.0 beta-2.0 gamma_x-1.0\n{List}{List}alpha runs\n", output);
    }

    /// <summary>By itself, and as pip of old called it: with a folder or a file of metadata, or a link to the folder of the sources.</summary>
    [Fact]
    public void What_setuptools_installed_without_a_wheel_is_seen_as_pip_sees_it()
    {
        var (ours, theirs) = (Here("ours"), Here("them"));
        ours.Run("mayfly env create ./env --python /usr/bin/python3 setuptools --no-index --find-links /usr/share/python-wheels");
        theirs.Run("virtualenv -q -p /usr/bin/python3 --no-wheel env");
        string Both(string script)
        {
            string said = ours.Run(script).Replace(ours.Home, "HOME"), judged = theirs.Run(script).Replace(theirs.Home, "HOME");
            Assert.Equal(judged, said);
            return said;
        }

        const string Made = """
            for name in linked placed whole zipped; do
                mkdir -p $name; echo 'x = 1' > $name/$name.py
                echo "from setuptools import setup; setup(name='The.$name', version='1.0', description='Of old', py_modules=['$name'], zip_safe='$name' == 'zipped', install_requires=['setuptools>1', 'setuptools<99;python_version>\"3\"'], extras_require={'more': ['nosuch']})" > $name/setup.py
            done
            (cd linked && ../env/bin/python -W ignore setup.py -q develop --no-deps) >made.log 2>&1 || cat made.log
            (cd whole && ../env/bin/python -W ignore setup.py -q install) >made.log 2>&1 || cat made.log
            (cd zipped && ../env/bin/python -W ignore setup.py -q install) >made.log 2>&1 || cat made.log
            (cd placed && ../env/bin/python -W ignore setup.py -q install --single-version-externally-managed --record=made.txt) >made.log 2>&1 || cat made.log
            # As pip of old: from the folder of metadata.
            sed "s|^$PWD/env/lib/python3.11/site-packages/The.placed-1.0.egg-info/||; s|^$PWD/env/lib/python3.11/site-packages/|../|" placed/made.txt > env/lib/python3.11/site-packages/The.placed-1.0.egg-info/installed-files.txt
            printf '../../../../bin/old\n./PKG-INFO\n/srv/elsewhere\n\n' >> env/lib/python3.11/site-packages/The.placed-1.0.egg-info/installed-files.txt
            printf 'top_level.txt\n../whole.py\n../../beside.py\n' > env/lib/python3.11/site-packages/The.whole-1.0-py3.11.egg/EGG-INFO/installed-files.txt
            ls env/lib/python3.11/site-packages | grep egg

            """;
        var seen = Both($$"""
            {{Settings()}}{{Made}}
            say() { echo "\$ pip $*"; env/bin/pip "$@" 2>&1 | grep -v -i -e '^pip ' -e '^setuptools' -e '"pip"' -e '^DEPRECATION' | uniq; } # pip finds a folder .egg twice: by itself, and by the way that leads there
            say list; say freeze --exclude setuptools; say show the.linked; say show the-placed; say show the.whole; say show -f the.zipped the.placed the.whole the.linked; say list --editable --format json
            say uninstall -y the.placed the.zipped; echo the.linked > old.txt; say uninstall -y -r old.txt; say list; cat env/lib/python3.11/site-packages/easy-install.pth
            """);
        Assert.Contains("The.linked.egg-link\nThe.placed-1.0.egg-info\nThe.whole-1.0-py3.11.egg\nThe.zipped-1.0-py3.11.egg\n", seen, StringComparison.Ordinal);
        Assert.Contains("-e HOME/linked\n", seen, StringComparison.Ordinal);
        Assert.Contains("The.zipped==1.0\n", seen, StringComparison.Ordinal);
        Assert.Contains("Files:\n  ../../../bin/old\n  /srv/elsewhere\n  The.placed-1.0.egg-info/PKG-INFO\n", seen, StringComparison.Ordinal);

        var told = ours.Run($$"""
            {{Made}}
            mayfly env list ./env; mayfly env doctor --env ./env; mayfly env remove the-linked --env ./env 2>&1 | tail -n 2; mayfly env copy ./env ./copy 2>/dev/null; mayfly env list ./copy; mayfly env doctor --env ./copy
            printf "lock-version = '1.0'\\ncreated-by = 'x'\\npackages = []\\n" > pylock.toml; mayfly env sync --env ./copy; mayfly env upgrade --no-index --find-links /usr/share/python-wheels --env ./copy
            """).Replace(ours.Home, "HOME");
        Assert.EndsWith("""
            setuptools  66.1.1  Easily download, build, install, upgrade, and uninstall Python packages
            the-linked  1.0     Of old
            the-placed  1.0     Of old
            the-whole   1.0     Of old
            the-zipped  1.0     Of old
            the-linked 1.0 was installed since mayfly left it
            the-placed 1.0 was installed since mayfly left it
            the-whole 1.0 was installed since mayfly left it
            the-zipped 1.0 was installed since mayfly left it
            error: the-linked 1.0 has no RECORD, so nobody can say which files are its own, and it stays
            hint: setuptools installed it without a wheel: pip uninstall the-linked in the environment removes it
            made HOME/copy
            setuptools  66.1.1  Easily download, build, install, upgrade, and uninstall Python packages
            the-linked  1.0     Of old
            the-placed  1.0     Of old
            the-whole   1.0     Of old
            the-zipped  1.0     Of old
            HOME/copy is as it should be: 5 packages, Python 3.11.2
            nothing to do in HOME/copy
            nothing to do in HOME/copy

            """, Regex.Replace(told, "note: .* was installed\n", ""));
    }

    /// <summary>The sample session of the paper that Mayfly implements, as it is written there.</summary>
    [Theory]
    [InlineData("bash", "source")]
    [InlineData("zsh", "source")]
    [InlineData("fish", "source")]
    public void The_paper_s_session_works_as_written(string shell, string read)
    {
        var here = new ShellUnderTest(shell, Directory.CreateDirectory($"{_folder.Path}/{shell}").FullName);
        here.TakeWords(_folder);
        var wheels = Directory.CreateDirectory($"{_folder.Path}/wheels").FullName;
        WheelFile.Write(wheels, "zope.interface", "5.5", new Dictionary<string, string> { ["zope/interface/__init__.py"] = "" });
        WheelFile.WriteWith(wheels, "twisted", "22.4.0", new Dictionary<string, string> { ["twisted/__init__.py"] = "version = '22.4.0'\n" }, "Name: Twisted\nRequires-Dist: zope.interface >=4.4.2\n");
        var output = here.Run($"""
            export PIP_NO_INDEX=1 PIP_FIND_LINKS={wheels}
            {read} {here.Words}
            mkvirtualenv my_experiment
            workon my_experiment
            pip install twisted
            python -c 'import twisted, zope.interface; print(twisted.version, twisted.__file__)'
            mkvirtualenv -i twisted -r {wheels}/more.txt second >/dev/null
            pip freeze
            wipeenv
            pip freeze
            deactivate
            echo left "$VIRTUAL_ENV"
            """.Replace($"-r {wheels}/more.txt ", WithFile($"{wheels}/more.txt", "zope.interface\n")));
        Assert.Contains("Successfully installed twisted-22.4.0 zope.interface-5.5\n", output);
        Assert.Contains($"22.4.0 {here.Home}/environments/my_experiment/lib/python3", output);
        Assert.EndsWith("""
            Twisted==22.4.0
            zope.interface==5.5
            Uninstalling packages:
            Twisted==22.4.0
            zope.interface==5.5

            Found existing installation: Twisted 22.4.0
            Uninstalling Twisted-22.4.0:
              Successfully uninstalled Twisted-22.4.0
            Found existing installation: zope.interface 5.5
            Uninstalling zope.interface-5.5:
              Successfully uninstalled zope.interface-5.5
            left 

            """, output);

        static string WithFile(string path, string text)
        {
            File.WriteAllText(path, text);
            return $"-r {path} ";
        }
    }
}
