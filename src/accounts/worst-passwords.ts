/** What everybody tries first: the words themselves, without the digits and signs people put around them. */
const words = `
password passwort passwd pass passw pw motdepasse contrasena senha parola wachtwoord haslo salasana losenord kennwort
secret secure security geheim login logon signin welcome willkommen bienvenue hello hallo hola ciao letmein letmeinnow
openup opensesame access admin administrator root toor superuser sysadmin system operator user username guest gast
test tester testing demo sample example default changeme changeit change temp temporary temppass newpass newpassword
mypassword mypass yourpassword thepassword passphrase nopassword none nothing blank unknown whatever anything something
qwerty qwertyuiop qwertz qwertzuiop azerty azertyuiop asdf asdfgh asdfghjkl asdfghjklm zxcv zxcvbn zxcvbnm yxcvbnm qazwsx
qazwsxedc qweasd qweasdzxc qweasdyxc qwer qwert qwe asd zxc poiuytrewq lkjhgfdsa mnbvcxz wasd wasdwasd qwaszx
iloveyou iloveu loveyou lovely lover love loveme lovelove ichliebedich teamo tequiero jetaime babygirl babyboy baby
princess prince queen king sunshine sunrise sunset moonlight starlight shadow master monkey dragon dragons tiger tigers
eagle eagles falcon falcons panther panthers lion lions bear bears wolf wolves horse horses dolphin dolphins butterfly
football fussball soccer baseball basketball hockey tennis golf golfer rugby cricket chelsea arsenal liverpool barcelona
realmadrid juventus manchester bayern bundesliga yankees cowboys redsox lakers steelers packers rangers patriots
superman batman spiderman ironman hulk wonderwoman captain starwars startrek skywalker darthvader yoda jedi matrix
pokemon pikachu naruto minecraft fortnite roblox mario luigi zelda sonic nintendo playstation xbox gameboy gamer
michael jennifer jessica michelle ashley amanda daniel thomas andrew joshua matthew robert charlie jordan hunter harley
maggie buster ginger pepper cookie snoopy summer winter spring autumn monday friday sunday january october december
november september august sommer winter fruehling herbst spring2 april march freedom liberty peace justice jesus christ
jesuschrist heaven angel angels blessed faith trustno trustnoone trustme ninja samurai warrior soldier killer hacker
hackerman computer internet laptop desktop windows microsoft google facebook twitter instagram linkedin amazon apple
iphone android samsung nokia sony oracle cisco linux ubuntu debian redhat server database network wireless router mysql
postgres mongodb redis docker kubernetes jenkins tomcat apache nginx grafana sallyport proxy gateway firewall
mustang corvette porsche ferrari mercedes bmw audi toyota honda yamaha suzuki kawasaki harleydavidson chevrolet camaro
chocolate banana orange cherry strawberry pineapple coffee pizza cheese chicken bacon beer whisky vodka hunter
flower flowers rainbow diamond silver golden purple yellow orange black white green blue red pink lucky happy smile
friend friends family mother father mommy daddy sister brother forever always together america england london paris
berlin germany france spain italy canada mexico brazil india china japan money dollar million rich success winner
company business office work manager service support helpdesk customer finance account accounts billing sales marketing
correcthorsebatterystaple correct horse battery staple thequickbrownfox loremipsum abracadabra supercalifragilistic
abcd abcde abcdef abcdefg abcdefgh abcabc aaaa aaaaaa abc xyz fuckyou fuckme fuck fucker asshole bitch pussy sexy biteme
`

export const worstPasswords: ReadonlySet<string> = new Set(words.trim().split(/\s+/))
